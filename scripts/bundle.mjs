import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

// What finds files of its own beside its code, or is loaded only by what few commands and routes do.
const unbundled = ['@node-rs/*', 'dejavu-fonts-ttf', 'exceljs', 'pdfkit', 'pg-native']

// Its pages stay in its folder, its code is bundled: loaded from node_modules with what it needs for files and YAML it took 135
// of the 900 ms of processor that a process needs until it serves.
const swaggerUi = {
  name: 'swagger-ui',
  setup: ({ onLoad }) =>
    onLoad({ filter: /@fastify[\\/]swagger-ui[\\/](index|lib[\\/]routes)\.js$/ }, async ({ path }) => {
      const folder = "path.dirname(require.resolve('@fastify/swagger-ui'))"
      const own = path.endsWith('routes.js') ? `path.join(${folder}, 'lib')` : folder
      return { contents: (await readFile(path, 'utf8')).replaceAll('__dirname', own) }
    }),
}

// V8 keeps the text of a program for as long as it runs, and all of it in two bytes a character for the sake of a single one that
// is not Latin 1: 11.4 MB of each process. esbuild writes such a one as an escape in strings, and leaves regular expressions alone.
// Behind an escape a trace's column is told too far, its line is right.
const inLatin = {
  name: 'latin',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      // The backslash would be taken for the escape's own.
      if (/(?<!\\)(?:\\\\)*\\[^\0-\xff]/.test(text))
        throw new Error(`${path}: a backslash before a character beyond Latin 1`)
      return { contents: text.replace(/[^\0-\xff]/g, escaped), loader: 'ts' }
    }),
}
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * Makes the program of `src/` and of most libraries: `cli.js` with the parts that it loads late, and `server.js`, whole: in 80
 * parts that the two share it took a sixth longer to load. Node.js takes half a millisecond or more for each of 940 modules.
 * @param {string} folder where it goes, one level below the repository's or a package's (src/config.ts counts on that)
 */
export async function bundleProgram(folder) {
  const { build } = createRequire(import.meta.url)('esbuild')
  const common = {
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['sis-source'],
    external: unbundled,
    plugins: [swaggerUi, inLatin],
    // 3.9 MB instead of 5.7 (inLatin), and no comments of libraries, some of which are not Latin 1.
    minifyWhitespace: true,
    // A trace tells lines and columns: not all in one line.
    lineLimit: 300,
    // As Node.js 21 and later have it. Without it `pg` looks for Cloudflare's in `Response`, and Node loads its HTTP client (45–90 ms).
    define: { navigator: '{"userAgent":"Node.js"}' },
    // Traces in the journal name the sources (src/shared/traces.ts).
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'error',
    // For libraries in CommonJS that ask for a module of Node.js.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';const require = requireFrom(import.meta.url);",
    },
  }
  await Promise.all(
    [{ cli: join(root, 'src/cli/index.ts') }, { server: join(root, 'src/server.ts') }].map((entryPoints) =>
      build({ ...common, entryPoints }),
    ),
  )
}
