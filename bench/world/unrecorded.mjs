// Loaded before the HTTP processes (NODE_OPTIONS=--import …): their record of reads then does nothing, and everything
// else is the built program. Not a setting of it: no operator may be able to switch the record off.
import { register } from 'node:module'

register('./unrecorded-loader.mjs', import.meta.url)
