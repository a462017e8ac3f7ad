import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it, vi } from 'vitest'

import { rules } from '../api/rules.gen'
import {
  alert,
  box,
  button,
  checkbox,
  demo,
  focused,
  newTodo,
  open,
  page,
  refuse,
  reply,
  signIn,
  status,
  titles,
  todo,
  uuid,
} from '../testing'
import { type Deed, latest, type ShownTodo, shown } from './queries'

const milk = todo(1)
const plants = todo(2, { title: 'Water the plants' })
const both = { 'GET /api/v1/todos': () => page(milk, plants) }
const failing = () => refuse(500, 'INTERNAL_ERROR')

describe('the list', () => {
  it('is busy until it is there [001-FR-018]', async () => {
    const todos = Promise.withResolvers<Response>()
    open({ 'GET /api/v1/todos': () => todos.promise })
    const list = await screen.findByRole('region', { name: 'Todos' })
    expect(list.getAttribute('aria-busy')).toBe('true')

    todos.resolve(page(milk))

    expect(await checkbox()).toBeTruthy()
    expect(list.getAttribute('aria-busy')).toBe('false')
  })

  it('says when there is nothing to do, and differently when a filter finds nothing [001-FR-018]', async () => {
    const { person } = open({ 'GET /api/v1/todos': () => page() })
    expect(await screen.findByText('Nothing to do yet.')).toBeTruthy()

    await person.click(await button('Completed'))

    expect(await screen.findByText('Nothing completed yet.')).toBeTruthy()
    expect((await button('Completed')).getAttribute('aria-pressed')).toBe('true')
  })

  it('that could not be loaded recovers by "Try again", and the focus goes to its first row [001-FR-018] [001-FR-027]', async () => {
    const { person, answers } = open({ 'GET /api/v1/todos': failing })
    expect(await alert()).toBe('Your todos could not be loaded. The server failed. Try again in a moment.')

    Object.assign(answers, both)
    await person.click(await button('Try again'))

    expect(await checkbox()).toBe(focused())
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('asks the server for what the filter shows [001-FR-026]', async () => {
    const { person, sent } = open(both)

    await person.click(await button('Active'))

    await waitFor(() => expect(sent.at(-1)?.call).toBe('GET /api/v1/todos?completed=false'))
  })

  it('grows by "Show more", and hands the focus to the first new row [001-FR-026] [001-FR-027]', async () => {
    const { person, sent } = open({
      'GET /api/v1/todos': ({ searchParams }) =>
        searchParams.has('cursor')
          ? page(plants)
          : reply<'TodoPage'>(200, { items: [milk], next_cursor: 'c'.repeat(32) }),
    })

    await person.click(await button('Show more'))

    expect(await checkbox('Water the plants')).toBe(focused())
    expect(titles()).toEqual(['Buy milk', 'Water the plants'])
    expect(sent.at(-1)?.call).toBe(`GET /api/v1/todos?cursor=${'c'.repeat(32)}`)
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull()
  })
})

describe('a next page that could not be loaded', () => {
  it('is asked for again by "Try again", and the list stays [001-FR-018]', async () => {
    let down = true
    const { person } = open({
      'GET /api/v1/todos': ({ searchParams }) => {
        if (!searchParams.has('cursor')) return reply<'TodoPage'>(200, { items: [milk], next_cursor: 'c'.repeat(32) })
        return down ? failing() : page(plants)
      },
    })
    await person.click(await button('Show more'))
    expect(await alert()).toBe('Your todos could not be loaded. The server failed. Try again in a moment.')
    expect(titles()).toEqual(['Buy milk'])

    down = false
    await person.click(await button('Try again'))

    expect(await checkbox('Water the plants')).toBe(focused())
    expect(titles()).toEqual(['Buy milk', 'Water the plants'])
  })
})

describe('adding a todo', () => {
  it('shows it at once, clears the form and says so [001-FR-019]', async () => {
    const answer = Promise.withResolvers<Response>()
    const { person, sent } = open({ ...both, 'POST /api/v1/todos': () => answer.promise })

    await person.type(await newTodo(), ' Call the dentist ')
    fireEvent.change(screen.getByLabelText('Due on'), { target: { value: '2027-03-31' } })
    await person.click(await button('Add'))

    expect((await checkbox('Call the dentist')).disabled).toBe(true)
    expect((await newTodo()).value).toBe('')
    expect(await newTodo()).toBe(focused())
    const body = { title: ' Call the dentist ', description: null, due_on: '2027-03-31' }
    expect(sent.at(-1)?.body).toEqual(body)

    answer.resolve(reply<'Todo'>(201, todo(0, body)))
    await status('Added “ Call the dentist ”.')
    await waitFor(async () => expect((await checkbox('Call the dentist')).disabled).toBe(false))
    expect(titles()).toEqual([' Call the dentist ', 'Buy milk', 'Water the plants'])
  })

  it('that fails takes it out of the list and gives the words back [001-FR-020]', async () => {
    const { person } = open({ ...both, 'POST /api/v1/todos': failing })

    await person.type(await newTodo(), 'Call the dentist')
    await person.type(box('Description'), 'Ask for Ada{Enter}Bring the card')
    await person.type(await newTodo(), '{Enter}')

    expect(await alert()).toBe('“Call the dentist” could not be added. The server failed. Try again in a moment.')
    expect((await newTodo()).value).toBe('Call the dentist')
    expect(box('Description').value).toBe('Ask for Ada\nBring the card')
    await waitFor(() => expect(titles()).toEqual(['Buy milk', 'Water the plants']))
  })

  it('of a long title is told with the beginning of it', async () => {
    const { person } = open({ ...both, 'POST /api/v1/todos': failing })

    fireEvent.change(await newTodo(), { target: { value: '🥛'.repeat(61) } })
    await person.click(await button('Add'))

    expect(await alert()).toBe(`“${'🥛'.repeat(59)}…” could not be added. The server failed. Try again in a moment.`)
  })

  it('that fails never overwrites what is typed meanwhile [001-FR-020]', async () => {
    const answer = Promise.withResolvers<Response>()
    const { person, answers } = open({ ...both, 'POST /api/v1/todos': () => answer.promise })
    await person.type(await newTodo(), 'Call the dentist{Enter}Feed')

    answer.resolve(failing())
    await screen.findByRole('alert')
    expect((await newTodo()).value).toBe('Feed')

    answers['POST /api/v1/todos'] = () => reply<'Todo'>(201, todo(0, { title: 'Feed the cat' }))
    await person.type(await newTodo(), ' the cat{Enter}')
    expect((await newTodo()).value).toBe('Call the dentist')
  })

  describe('twice in a hurry', () => {
    const adds = { ...both, 'POST /api/v1/todos': () => reply<'Todo'>(201, todo(0, { title: 'Feed the cat' })) }
    const blank = rules.NewTodo.properties.title['x-refusal']

    it('adds one, and does not complain about the form that it emptied', async () => {
      const { person, sent } = open(adds)
      await person.type(await newTodo(), 'Feed the cat')

      await person.dblClick(await button('Add'))

      await status('Added “Feed the cat”.')
      expect(screen.queryByRole('alert')).toBeNull()
      expect(sent.filter(({ call }) => call.startsWith('POST'))).toHaveLength(1)
    })

    it('refuses a blank title once the person typed on [001-FR-017]', async () => {
      const { person } = open(adds)

      await person.type(await newTodo(), 'Feed the cat{Enter}F{Backspace}{Enter}')

      expect(await alert()).toBe(blank)
    })

    it('is over in half a second: a blank title is refused then [001-FR-017]', async () => {
      const { person } = open(adds)
      await person.type(await newTodo(), 'Feed the cat{Enter}')
      await status('Added “Feed the cat”.')
      const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 500)

      await person.click(await button('Add'))

      now.mockRestore()
      expect(await alert()).toBe(blank)
    })
  })

  it('refuses what the contract refuses, at the field, cutting nothing [001-FR-017]', async () => {
    const { person, sent } = open(both)
    const long = '🥛'.repeat(201)

    await person.click(await newTodo())
    await person.paste(long)
    await person.click(await button('Add'))

    const refusal = rules.NewTodo.properties.title['x-refusal']
    const title = screen.getByRole<HTMLInputElement>('textbox', { name: 'New todo', description: refusal })
    expect(title).toBe(focused())
    expect(title.value).toBe(long)
    expect(sent.some(({ call }) => call.startsWith('POST'))).toBe(false)

    await person.type(title, '{Backspace}')
    expect(title.getAttribute('aria-invalid')).toBeNull()
  })

  it('refuses a half-typed date instead of dropping it [001-FR-017]', async () => {
    const { person, sent } = open(both)
    await person.type(await newTodo(), 'Call the dentist')
    const due = screen.getByLabelText<HTMLInputElement>('Due on')
    Object.defineProperty(due, 'validity', { value: { badInput: true } })

    await person.click(await button('Add'))

    expect(await alert()).toBe(rules.NewTodo.properties.due_on['x-refusal'])
    expect(due).toBe(focused())
    expect(sent.some(({ call }) => call.startsWith('POST'))).toBe(false)
  })

  it('shows at the field what the server alone refuses', async () => {
    const { person } = open({ ...both, 'POST /api/v1/todos': () => refuse(422, 'VALIDATION_ERROR', 'title') })

    await person.type(await newTodo(), 'Call the dentist{Enter}')

    const title = await screen.findByRole('textbox', { description: 'The server says VALIDATION_ERROR.' })
    expect(title).toBe(await newTodo())
  })
})

const list = (asked: number, ...items: (typeof milk)[]) => [{ items, next_cursor: null, asked }]
const row = (saved: typeof milk): ShownTodo => ({ ...saved, key: saved.id, saved, waiting: false })
const update = (version: number, fields: Partial<typeof milk>): Deed => ({
  id: version,
  kind: 'update',
  variables: { saved: milk, change: fields },
  data: { todo: { ...milk, ...fields, version }, answered: 20 },
})

describe('shown', () => {
  it('keeps a change against a page that was asked for before it', () => {
    expect(shown(list(10, milk), [update(2, { completed: true })], [])).toEqual([
      row({ ...milk, completed: true, version: 2 }),
    ])
  })

  it('believes a page that knows a newer version', () => {
    const newest = { ...milk, title: 'Buy oat milk', version: 3 }

    expect(shown(list(10, newest), [update(2, { completed: true })], [])).toEqual([row(newest)])
  })

  it('adds a new todo to a page asked for before it, and to none asked for after: there it was deleted elsewhere', () => {
    const deed: Deed = { id: 1, kind: 'create', variables: milk, data: { todo: milk, answered: 20 } }

    expect(shown(list(10, plants), [deed], [])).toEqual([row(milk), row(plants)])
    expect(shown(list(30, plants), [deed], [])).toEqual([row(plants)])
  })

  it('adds a changed todo to a page that was asked for before the change, and did not hold it', () => {
    expect(shown(list(10, plants), [update(2, { completed: true })], [])).toEqual([
      row({ ...milk, completed: true, version: 2 }),
      row(plants),
    ])
    expect(shown(list(99, plants), [update(2, { completed: true })], [])).toEqual([row(plants)])
  })

  it('never brings back what was deleted [001-FR-025]', () => {
    const deed: Deed = { id: 1, kind: 'delete', variables: milk, data: undefined }

    expect(shown(list(10, milk, plants), [deed], [])).toEqual([row(plants)])
  })

  it('keeps in sight, in its place, what is being edited', () => {
    expect(shown(list(10, plants), [], [row(milk)], true)).toEqual([row(milk)])
    expect(shown(list(10, plants), [], [row(milk)])).toEqual([row(milk), row(plants)])
  })
})

describe('latest', () => {
  it('follows own changes, and stops at a change of others [001-FR-024]', () => {
    const own = [update(2, { completed: true }), update(4, { completed: false })]

    expect(latest(milk, own)).toEqual({ ...milk, completed: true, version: 2 })
  })
})

describe('coming in', () => {
  it('leads to where the first thing is written [001-FR-027]', async () => {
    const { person } = open({
      'GET /api/v1/session': () => refuse(401, 'UNAUTHENTICATED'),
      'POST /api/v1/session': () => reply<'Account'>(201, demo),
    })

    await signIn(person)

    await waitFor(async () => expect(await newTodo()).toBe(focused()))
  })

  it('after another person has left shows nothing of theirs [002-FR-014]', async () => {
    const { person, answers } = open({
      'GET /api/v1/todos': () => page(todo(1, { title: "Plan Grace's party" })),
      'DELETE /api/v1/session': () => new Response(null, { status: 204 }),
      'POST /api/v1/session': () => reply<'Account'>(201, { ...demo, id: uuid(7), email: 'grace@example.com' }),
    })
    await screen.findByRole('checkbox')

    await person.click(screen.getByRole('button', { name: 'Sign out' }))
    const todos = Promise.withResolvers<Response>()
    answers['GET /api/v1/todos'] = () => todos.promise
    await signIn(person)

    const list = await screen.findByRole('region', { name: 'Todos' })
    expect(list.getAttribute('aria-busy')).toBe('true')
    expect(within(list).queryByRole('listitem')).toBeNull()
  })
})

describe('a session that has ended', () => {
  const ended = () => refuse(401, 'UNAUTHENTICATED')

  it('leads to the form with a kind notice, whatever call finds out [002-FR-013]', async () => {
    const { person, answers } = open({ 'GET /api/v1/todos': () => page(todo(1)) })
    await screen.findByRole('checkbox')
    answers['GET /api/v1/todos'] = ended

    await person.click(await button('Active'))

    expect(await screen.findByRole('textbox', { name: 'Email' })).toBe(document.activeElement)
    expect(screen.getByRole('status').textContent).toBe('Your session has ended. Sign in again to go on.')
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it.each([
    ['PUT', 'Edit Buy milk', ' and bread{Enter}', '“Buy milk” could not be saved. Sign in, then try again.'],
    ['DELETE', 'Delete Buy milk', '{Tab}{Enter}', '“Buy milk” could not be deleted. Sign in, then try again.'],
  ])('at a %s says on the form what did not happen [002-FR-013]', async (method, name, keys, sentence) => {
    const { person } = open({
      'GET /api/v1/todos': () => page(todo(1)),
      [`${method} /api/v1/todos/${todo(1).id}`]: ended,
    })

    await person.click(await button(name))
    await person.keyboard(keys)

    expect(await screen.findByRole('textbox', { name: 'Email' })).toBe(document.activeElement)
    expect(screen.getByRole('status').textContent).toBe('Your session has ended. Sign in again to go on.')
    expect((await screen.findByRole('alert')).textContent).toBe(sentence)
  })

  it('that another person ended elsewhere leaves nothing of the first [002-FR-014]', async () => {
    const { answers } = open({ 'GET /api/v1/todos': () => page(todo(1)) })
    await screen.findByRole('checkbox')

    answers['GET /api/v1/session'] = () => reply<'Account'>(200, { id: uuid(8), email: 'ada@example.com' })
    answers['GET /api/v1/todos'] = failing
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))

    expect(await screen.findByText('ada@example.com')).toBeTruthy()
    expect(screen.queryByRole('checkbox')).toBeNull()
  })
})

describe('a session that ended while something was added', () => {
  it('gives the words back to the same person, and to no other [001-FR-030]', async () => {
    const grace = { id: uuid(7), email: 'grace@example.com' }
    const { person, answers } = open({
      'GET /api/v1/todos': () => page(todo(1)),
      'POST /api/v1/todos': () => refuse(401, 'UNAUTHENTICATED'),
      'POST /api/v1/session': () => reply<'Account'>(201, grace),
      'DELETE /api/v1/session': () => new Response(null, { status: 204 }),
    })
    await person.type(await newTodo(), 'Call the dentist{Enter}')
    await screen.findByRole('textbox', { name: 'Email' })
    expect(screen.queryByRole('alert')).toBeNull()

    await signIn(person)
    expect((await newTodo()).value).toBe('')

    await person.click(await button('Sign out'))
    answers['POST /api/v1/session'] = () => reply<'Account'>(201, demo)
    await signIn(person)
    expect((await newTodo()).value).toBe('Call the dentist')
  })
})
