import { Button } from 'antd'
import { useT } from '../i18n'

/** The way to the next page of a list; nothing on the last. */
export function More({ of }: { of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  const { t } = useT()
  if (!of.hasNextPage) return null
  return <p style={{ marginTop: 16 }}><Button loading={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>{t('part.more')}</Button></p>
}
