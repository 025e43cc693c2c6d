import { pages } from './pages'
import { people } from './people'
import { run } from './run'
import { scenario } from './scenario'
import { shell } from './shell'

/** Chinese is the source: English is typed against it, and a test fails on a key that is missing or unused. */
export const zh = { ...shell, ...pages, ...people, ...run, ...scenario }
