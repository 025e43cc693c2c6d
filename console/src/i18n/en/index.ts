import type { Whole } from '..'
import type { zh } from '../zh'
import { pages } from './pages'
import { people } from './people'
import { run } from './run'
import { scenario } from './scenario'
import { shell } from './shell'

export const en: Whole<typeof zh> = { ...shell, ...pages, ...people, ...run, ...scenario }
