import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

// What finds files of its own beside its code, or is loaded only by what few commands and routes do.
const unbundled = ['@node-rs/*', '@fastify/swagger-ui', 'dejavu-fonts-ttf', 'exceljs', 'pdfkit', 'pg-native']

/**
 * Makes the program of `src/` and of most libraries: `cli.js`, `server.js` and the parts that they share or load late.
 * Node.js takes half a millisecond or more for each of 940 modules that an HTTP process loads.
 * @param {string} folder where it goes, one level below the repository's or a package's (src/config.ts counts on that)
 */
export async function bundleProgram(folder) {
  const { build } = createRequire(import.meta.url)('esbuild')
  await build({
    entryPoints: { cli: join(root, 'src/cli/index.ts'), server: join(root, 'src/server.ts') },
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['sis-source'],
    external: unbundled,
    // Traces in the journal name the sources (src/shared/traces.ts).
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'error',
    // For libraries in CommonJS that ask for a module of Node.js.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';const require = requireFrom(import.meta.url);",
    },
  })
}
