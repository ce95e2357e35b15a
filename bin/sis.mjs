#!/usr/bin/env node
import { build } from '../scripts/build.mjs'

build()
await import('../dist/cli/index.js')
