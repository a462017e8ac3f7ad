// How the page is built, served while it is developed, and tested. Knows no feature.
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const backend = process.env.BACKEND_URL ?? 'http://127.0.0.1:8000'

/** In development the page's placeholder is filled here; otherwise the backend fills it. */
function productName(): Plugin {
  const name = (process.env.PRODUCT_NAME ?? 'My App').replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
  return {
    name: 'product-name',
    apply: 'serve',
    transformIndexHtml: { order: 'pre', handler: html => html.replaceAll('%PRODUCT_NAME%', () => name) },
  }
}

export default defineConfig({
  plugins: [react(), tailwindcss(), productName()],
  server: {
    host: '127.0.0.1',
    // The Host header stays the browser's, so that the backend sees a write of its own origin.
    proxy: { '^/(api/|openapi\\.json|docs|healthz|readyz)': { target: backend, changeOrigin: false } },
  },
  // The page's Content-Security-Policy takes nothing but files of its own origin: no data: URLs.
  build: { assetsInlineLimit: 0 },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/testing.tsx'],
    unstubGlobals: true,
    reporters: ['default', ['junit', { outputFile: '../reports/junit/frontend.xml' }]],
  },
})
