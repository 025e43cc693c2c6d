import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Button, Modal, Popconfirm } from 'antd'
import { useState, type ReactNode } from 'react'
import { useT } from '../i18n'
import { CopyButton } from './command'
import { TroubleNote } from './trouble'

/** Something that is done at once or after a question, and what then must be read anew. */
export function useAct<A, R>(act: (a: A) => Promise<R>, stale: string[], then?: (r: R) => void) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: async (r) => { await Promise.all(stale.map((k) => cache.invalidateQueries({ queryKey: [k] }))); then?.(r) },
  })
}

/** A button that asks before it does what cannot be taken back. */
export function Ask({ question, label, onYes, busy, error }: { question: string; label: string; onYes: () => void; busy?: boolean; error?: unknown }) {
  const { t } = useT()
  return (
    <span>
      <Popconfirm title={question} okText={label} cancelText={t('part.cancel')} onConfirm={onYes} icon={null}><Button size="small" type="text" loading={busy}>{label}</Button></Popconfirm>
      <TroubleNote error={error} />
    </span>
  )
}

/** What is shown once and never again: a link or a token. */
export function Once({ title, note, value, close }: { title: string; note: ReactNode; value: string; close: () => void }) {
  const { t } = useT()
  return (
    <Modal open title={title} onCancel={close} footer={<Button type="primary" onClick={close}>{t('once.close')}</Button>} maskClosable={false} transitionName="" maskTransitionName="">
      <p className="quiet">{note}</p>
      <div className="command" style={{ marginTop: 12 }}><code>{value}</code><CopyButton text={value} /></div>
    </Modal>
  )
}

/** A form in a dialog, opened by a button. */
export function Dialog({ label, title, primary, small, children }: { label: string; title: string; primary?: boolean; small?: boolean; children: (close: () => void) => ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button type={primary ? 'primary' : small ? 'text' : 'default'} size={small ? 'small' : undefined} onClick={() => setOpen(true)}>{label}</Button>
      {open && <Modal open title={title} footer={null} onCancel={() => setOpen(false)} destroyOnHidden transitionName="" maskTransitionName="">{children(() => setOpen(false))}</Modal>}
    </>
  )
}
