import { readFileSync } from 'node:fs'
import openapi, { astToString } from 'openapi-typescript'
import { expect, test } from 'vitest'

test('the types are those of the API', async () => {
  const made = astToString(await openapi(new URL('../../docs/openapi.json', import.meta.url)))
  const kept = readFileSync(new URL('../src/api/schema.d.ts', import.meta.url), 'utf8')
  expect(kept.endsWith(made), 'run: npm run types').toBe(true)
})
