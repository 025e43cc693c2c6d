import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { ConfigProvider } from 'antd'
import type { Locale } from 'antd/es/locale'
import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { client } from './api/queries'
import { start, useT, type Lang } from './i18n'
import { router } from './router'
import { antdTheme } from './theme/antd'
import './theme/base.css'
import './theme/layout.css'
import './theme/parts.css'
import { useMode } from './theme/mode'

const locales: Record<Lang, () => Promise<{ default: Locale }>> = {
  zh: () => import('antd/es/locale/zh_CN'),
  en: () => import('antd/es/locale/en_GB'),
}

function App() {
  const mode = useMode()
  const { lang } = useT()
  const [locale, setLocale] = useState<Locale>()
  useEffect(() => {
    let current = true
    void locales[lang]().then((m) => { if (current) setLocale(m.default) })
    return () => { current = false }
  }, [lang])
  return (
    <ConfigProvider theme={antdTheme(mode)} locale={locale} button={{ autoInsertSpace: false }}>
      <RouterProvider router={router} />
    </ConfigProvider>
  )
}

void start().then(() => {
  createRoot(document.getElementById('root')!).render(
    <StrictMode><QueryClientProvider client={client}><App /></QueryClientProvider></StrictMode>)
})
