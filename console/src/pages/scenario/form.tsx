import { Form, Input, InputNumber, Select } from 'antd'
import { useMemo } from 'react'
import { parseDocument } from 'yaml'
import { useT, type Key } from '../../i18n'

const fields = [
  { path: ['title', 'zh'], key: 'title.zh' }, { path: ['title', 'en'], key: 'title.en' },
  { path: ['summary', 'zh'], key: 'summary.zh', long: true }, { path: ['summary', 'en'], key: 'summary.en', long: true },
  { path: ['owner', 'name'], key: 'owner' }, { path: ['owner', 'team'], key: 'team' },
  { path: ['declared', 'level'], key: 'level', options: ['L1', 'L2', 'L3'] },
  { path: ['data', 'class'], key: 'class', options: ['public', 'internal', 'confidential', 'personal'] },
  { path: ['targets', 'accuracy'], key: 'accuracy', number: { min: 0, max: 1, step: 0.01 } },
  { path: ['targets', 'proven_share'], key: 'share', number: { min: 0, max: 1, step: 0.05 } },
  { path: ['targets', 'latency_p95_ms'], key: 'latency', number: { min: 1, step: 100 } },
] as const

/** The document's commonest fields as a form. It changes the text in place: comments and everything else stay as they are. */
export function DocumentForm({ yaml, onChange }: { yaml: string; onChange: (yaml: string) => void }) {
  const { t } = useT()
  const doc = useMemo(() => parseDocument(yaml), [yaml])
  if (doc.errors.length) return <p className="v-fail" role="alert">{t('form.broken', { why: doc.errors[0]!.message.split('\n')[0] })}</p>
  const set = (path: readonly string[], value: unknown) => {
    const next = parseDocument(yaml)
    if (value == null || value === '') next.deleteIn(path); else next.setIn(path, value)
    onChange(next.toString({ lineWidth: 0, flowCollectionPadding: false }))
  }
  return (
    <Form layout="vertical" component="div">
      <div className="columns" style={{ rowGap: 0 }}>
        {fields.map((x) => {
          const value: unknown = doc.getIn(x.path)
          const id = `field-${x.key}`
          const name = t(`form.${x.key}` as Key)
          return (
            <Form.Item key={x.key} label={name} htmlFor={id}>
              {'options' in x ? <Select id={id} value={value as string} options={x.options.map((v) => ({ value: v, label: x.key === 'class' ? t(`class.${v}` as Key) : v }))} onChange={(v: string) => set(x.path, v)} />
                : 'number' in x ? <InputNumber id={id} value={value as number} {...x.number} style={{ width: '100%' }} onChange={(v) => set(x.path, v)} />
                  : 'long' in x ? <Input.TextArea id={id} value={(value as string) ?? ''} autoSize={{ minRows: 2, maxRows: 6 }} onChange={(e) => set(x.path, e.target.value)} />
                    : <Input id={id} value={(value as string) ?? ''} onChange={(e) => set(x.path, e.target.value)} />}
            </Form.Item>
          )
        })}
      </div>
    </Form>
  )
}
