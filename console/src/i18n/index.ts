import i18next from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import type { zh } from './zh'

export type Lang = 'zh' | 'en'
/** A count needs one form in Chinese and two in English: "…_other" stands for both. */
type Bare<K> = K extends `${infer P}_other` ? P : K
export type Key = Bare<keyof typeof zh>
type Plural<Z> = { [K in keyof Z as K extends `${infer P}_other` ? `${P}_one` : never]: string }
/** Every key of the Chinese texts, and the singular of each count. */
export type Whole<Z> = { [K in keyof Z]: string } & Plural<Z>

declare module 'i18next' {
  interface CustomTypeOptions { defaultNS: 'landfall'; keySeparator: false; resources: { landfall: typeof zh } }
}

const key = 'landfall.lang'

/** What the reader chose before, else what the browser asks for first. */
export function preferred(): Lang {
  try {
    const kept = localStorage.getItem(key)
    if (kept === 'zh' || kept === 'en') return kept
  } catch { /* storage may be off */ }
  return (navigator.languages?.[0] ?? navigator.language ?? 'en').toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** Loads one language only; the other comes when somebody asks for it. */
async function load(lang: Lang) {
  if (i18next.hasResourceBundle(lang, 'landfall')) return
  const texts = lang === 'zh' ? (await import('./zh')).zh : (await import('./en')).en
  i18next.addResourceBundle(lang, 'landfall', texts)
}

export async function start() {
  const lang = preferred()
  await i18next.use(initReactI18next).init({
    lng: lang, ns: ['landfall'], defaultNS: 'landfall', keySeparator: false, nsSeparator: false,
    fallbackLng: false, resources: {}, interpolation: { escapeValue: false }, react: { useSuspense: false },
  })
  await load(lang)
  mark(lang)
  await i18next.changeLanguage(lang)
}

export async function speak(lang: Lang) {
  try { localStorage.setItem(key, lang) } catch { /* the choice then lasts as long as the page */ }
  await load(lang)
  mark(lang)
  await i18next.changeLanguage(lang)
}

function mark(lang: Lang) { document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en' }

export const lang = () => (i18next.language === 'zh' ? 'zh' : 'en') as Lang

export function useT() {
  const { t, i18n } = useTranslation('landfall')
  return { t, lang: (i18n.language === 'zh' ? 'zh' : 'en') as Lang }
}

/** A sentence begins with a capital wherever the server's text came from the middle of one. */
export const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1)

/** A text that the server gives in both languages. */
export interface Text { zh: string; en: string }

/** say picks the language of a bilingual text; what is missing in one is taken from the other. */
export function useSay() {
  const { lang } = useT()
  return (text?: Text | null) => (text ? text[lang] || text[lang === 'zh' ? 'en' : 'zh'] : '')
}
