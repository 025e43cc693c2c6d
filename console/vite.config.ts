import react from '@vitejs/plugin-react'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'
import { css } from './src/theme/palette.ts'

/** Makes the palette's CSS variables part of the style sheet, so that no script is needed to paint the first frame. */
function paletteCSS(): Plugin {
  return {
    name: 'palette', enforce: 'pre',
    transform: (code, id) => id.endsWith('/theme/base.css') ? css() + code : undefined,
  }
}

/** Writes .gz and .br beside whatever compresses: the server sends them as they are. */
function precompress(): Plugin {
  return {
    name: 'precompress', apply: 'build',
    async writeBundle(options) {
      const dir = options.dir!
      for (const name of await readdir(dir, { recursive: true })) {
        const file = join(dir, name)
        if (!['.js', '.css', '.html', '.svg', '.json'].includes(extname(file)) || (await stat(file)).size < 1024) continue
        const raw = await readFile(file)
        await writeFile(file + '.gz', await promisify(gzip)(raw, { level: 9 }))
        await writeFile(file + '.br', await promisify(brotliCompress)(raw, {
          params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
        }))
      }
    },
  }
}

/** .keep lets Go embed the folder before anything was built. */
function keep(): Plugin {
  return { name: 'keep', apply: 'build', writeBundle: (options) => writeFile(join(options.dir!, '.keep'), '') }
}

export default defineConfig({
  plugins: [paletteCSS(), react(), precompress(), keep()],
  build: {
    target: 'es2022', chunkSizeWarningLimit: 1500, manifest: 'manifest.json', modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': { target: process.env.LANDFALL_API ?? 'http://127.0.0.1:7070', changeOrigin: false } } },
  test: { include: ['test/**/*.test.{ts,tsx}'] },
} as Parameters<typeof defineConfig>[0])
