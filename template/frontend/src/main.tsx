// Starts the page in the browser.
import { notifyManager, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { App, createQueryClient } from './app'
import './styles.css'

// An optimistic change shows in the same tick as the click: a checkbox never flickers back.
notifyManager.setScheduler(queueMicrotask)

const productName = document.querySelector<HTMLMetaElement>('meta[name="product-name"]')?.content ?? ''

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <App productName={productName} />
    </QueryClientProvider>
  </StrictMode>,
)
