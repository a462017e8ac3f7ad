// Set-up of every test: a person in front of the page, and a network that answers what the test says.
import { QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, expect, vi } from 'vitest'

import type { components } from './api/types.gen'
import { App, createQueryClient } from './app'
import { dismiss } from './ui/notices'

type Schemas = components['schemas']
type Answers = Record<string, (url: URL) => Response | Promise<Response>>
type Sent = { call: string; version: string | null; body: unknown }

afterEach(() => {
  cleanup()
  dismiss()
})

// jsdom knows no modal dialogs. What the browser itself does with them is tested in the browser.
HTMLDialogElement.prototype.showModal = function () {
  this.open = true
}
HTMLDialogElement.prototype.close = function () {
  this.open = false
  this.dispatchEvent(new Event('close'))
}

/** An answer whose body is of the contract. */
export function reply<Name extends keyof Schemas>(status: number, body: Schemas[Name]): Response {
  return Response.json(body, { status })
}

export function refuse(status: number, error_code: Schemas['ErrorCode'], field?: string): Response {
  return reply<'Error'>(status, { detail: `The server says ${error_code}.`, error_code, ...(field && { field }) })
}

/** A UUID for each number. */
export const uuid = (number: number) => `019a0000-0000-7000-8000-${String(number).padStart(12, '0')}`

export const demo: Schemas['Account'] = { id: uuid(13), email: 'demo@example.com' }

/** A todo of the contract; `number` makes its id and its age: a higher one is older. */
export function todo(number: number, fields: Partial<Schemas['Todo']> = {}): Schemas['Todo'] {
  return {
    id: uuid(number),
    title: 'Buy milk',
    description: null,
    completed: false,
    due_on: null,
    created_at: new Date(Date.UTC(2026, 10, 22) - number * 1000).toISOString(),
    updated_at: '2026-11-22T00:00:00Z',
    version: 1,
    ...fields,
  }
}

export function page(...items: Schemas['Todo'][]): Response {
  return reply<'TodoPage'>(200, { items, next_cursor: null })
}

/** Opens the page, by default as demo@example.com, who has nothing yet. What else `answers` lacks cannot be reached. `sent` is every request so far. */
export function open(answers: Answers) {
  const sent: Sent[] = []
  const all: Answers = {
    'GET /api/v1/session': () => reply<'Account'>(200, demo),
    'GET /api/v1/todos': () => page(),
    ...answers,
  }
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    const text = await request.text()
    const call = `${request.method} ${url.pathname}`
    sent.push({
      call: call + url.search,
      version: request.headers.get('If-Match'),
      body: text ? JSON.parse(text) : undefined,
    })
    const answer = all[call]
    if (!answer) throw new TypeError(`Nobody answers ${call}`)
    return answer(url)
  })
  render(
    <QueryClientProvider client={createQueryClient()}>
      <App productName="My App" />
    </QueryClientProvider>,
  )
  return { person: userEvent.setup(), sent, answers: all }
}

export const newTodo = () => screen.findByRole<HTMLInputElement>('textbox', { name: 'New todo' })
export const box = (name: string) => screen.getByRole<HTMLInputElement>('textbox', { name })
export const checkbox = (name = 'Buy milk') => screen.findByRole<HTMLInputElement>('checkbox', { name })
export const button = (name: string) => screen.findByRole<HTMLButtonElement>('button', { name })
export const titles = () => screen.queryAllByRole('listitem').map(row => row.querySelector('label')?.textContent)
export const focused = () => document.activeElement
export async function signIn(person: ReturnType<typeof open>['person'], password = 'demo-password') {
  await person.type(await screen.findByRole('textbox', { name: 'Email' }), 'demo@example.com')
  await person.type(screen.getByLabelText('Password'), password)
  await person.click(screen.getByRole('button', { name: 'Sign in' }))
}

export const alert = async () => (await screen.findByRole('alert')).textContent
export const status = (text: string) => waitFor(() => expect(screen.getByRole('status').textContent).toBe(text))
