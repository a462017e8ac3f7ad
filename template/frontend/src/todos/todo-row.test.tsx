import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import { rules } from '../api/rules.gen'
import {
  alert,
  box,
  button,
  checkbox,
  focused,
  newTodo,
  open,
  page,
  refuse,
  reply,
  status,
  titles,
  todo,
} from '../testing'
import { dueInWords } from './todo-row'

const milk = todo(1)
const plants = todo(2, { title: 'Water the plants' })
const PUT = `PUT /api/v1/todos/${milk.id}`
const DELETE = `DELETE /api/v1/todos/${milk.id}`
const both = { 'GET /api/v1/todos': () => page(milk, plants) }
const failing = () => refuse(500, 'INTERNAL_ERROR')
const saved = (fields: Partial<typeof milk>) => reply<'Todo'>(200, { ...milk, version: 2, ...fields })

describe('completing a todo', () => {
  it('shows at once [001-FR-021]', async () => {
    const answer = Promise.withResolvers<Response>()
    const { person, sent } = open({ ...both, [PUT]: () => answer.promise })

    await person.click(await checkbox())
    expect((await checkbox()).checked).toBe(true)

    answer.resolve(saved({ completed: true }))
    await status('Completed “Buy milk”.')
    const body = { title: 'Buy milk', description: null, due_on: null, completed: true }
    expect(sent.at(-1)).toEqual({ call: PUT, version: '"1"', body })
  })

  it('that fails is undone [001-FR-023]', async () => {
    const { person } = open({ ...both, [PUT]: failing })

    await person.click(await checkbox())

    expect(await alert()).toBe('“Buy milk” could not be saved. The server failed. Try again in a moment.')
    await waitFor(async () => expect((await checkbox()).checked).toBe(false))
  })

  it('twice in a hurry builds the second change on the first [001-FR-021]', async () => {
    const first = Promise.withResolvers<Response>()
    const { person, sent, answers } = open({ ...both, [PUT]: () => first.promise })

    await person.click(await checkbox())
    await person.click(await checkbox())
    expect((await checkbox()).checked).toBe(false)
    answers[PUT] = () => saved({ version: 3 })
    first.resolve(saved({ completed: true }))

    await status('“Buy milk” is active again.')
    const puts = sent.filter(({ call }) => call === PUT)
    expect(puts.map(({ version }) => version)).toEqual(['"1"', '"2"'])
    expect((await checkbox()).checked).toBe(false)
  })

  it('under "Active" takes it out of sight, and the focus goes to the next row [001-FR-026] [001-FR-027]', async () => {
    const { person } = open({ ...both, [PUT]: () => saved({ completed: true }) })
    await person.click(await button('Active'))

    await person.click(await checkbox())

    await waitFor(() => expect(titles()).toEqual(['Water the plants']))
    expect(await checkbox('Water the plants')).toBe(focused())
  })
})

describe('editing a todo', () => {
  it('shows the change at once, with the focus back on its button [001-FR-022] [001-FR-027]', async () => {
    const answer = Promise.withResolvers<Response>()
    const { person, sent } = open({ ...both, [PUT]: () => answer.promise })

    await person.click(await button('Edit Buy milk'))
    expect(box('Title')).toBe(focused())
    await person.type(box('Title'), ' and bread{Enter}')

    expect(await button('Edit Buy milk and bread')).toBe(focused())
    const body = { title: 'Buy milk and bread', description: null, due_on: null, completed: false }
    expect(sent.at(-1)).toEqual({ call: PUT, version: '"1"', body })
    answer.resolve(saved(body))
    await status('Saved “Buy milk and bread”.')
  })

  it('is dropped by Escape and by Cancel, with the focus back on its button [001-FR-022] [001-FR-027]', async () => {
    const { person, sent } = open(both)

    await person.click(await button('Edit Buy milk'))
    await person.type(box('Title'), ' and bread{Escape}')
    expect(await button('Edit Buy milk')).toBe(focused())

    await person.click(await button('Edit Buy milk'))
    expect(box('Title').value).toBe('Buy milk')
    await person.click(await button('Cancel'))
    expect(await button('Edit Buy milk')).toBe(focused())
    expect(sent.some(({ call }) => call === PUT)).toBe(false)
  })

  it('that fails shows what is saved, and beside it keeps what was typed [001-FR-023]', async () => {
    const { person, answers, sent } = open({ ...both, [PUT]: failing })
    await person.click(await button('Edit Buy milk'))
    await person.type(box('Title'), ' and bread{Enter}')

    expect(await alert()).toBe('“Buy milk” could not be saved. The server failed. Try again in a moment.')
    expect(await checkbox('Buy milk')).toBeTruthy()
    await waitFor(() => expect(box('Title').value).toBe('Buy milk and bread'))

    answers[PUT] = () => saved({ title: 'Buy milk and bread' })
    await person.click(await button('Save'))
    await status('Saved “Buy milk and bread”.')
    expect(sent.at(-1)?.version).toBe('"1"')
  })

  it('that was changed elsewhere is never overwritten unseen, nor what was typed lost [001-FR-024]', async () => {
    const elsewhere = { ...milk, title: 'Buy oat milk', completed: true, version: 5 }
    const { person, answers, sent } = open({ ...both, [PUT]: () => refuse(412, 'VERSION_CONFLICT') })
    await person.click(await button('Active'))
    await person.click(await button('Edit Buy milk'))
    await person.type(box('Title'), ' and bread')
    answers['GET /api/v1/todos'] = () => page(plants)

    await person.click(await button('Save'))
    expect(await alert()).toBe(
      '“Buy milk” could not be saved. It was changed elsewhere in the meantime. Look at it as it is now, then try again.',
    )
    await waitFor(() => expect(box('Title').value).toBe('Buy milk and bread'))

    answers['GET /api/v1/todos'] = () => page(elsewhere, plants)
    await person.click(await button('All'))
    await checkbox('Buy oat milk')
    answers[PUT] = () => reply<'Todo'>(200, { ...elsewhere, title: 'Buy milk and bread', version: 6 })
    await person.click(await button('Save'))
    await status('Saved “Buy milk and bread”.')
    expect(sent.at(-1)?.version).toBe('"5"')
  })

  it('sends only what the person changed, over what others wrote in the meantime [001-FR-024]', async () => {
    const elsewhere = { ...milk, description: 'Two bottles', due_on: '2027-03-31', version: 5 }
    const { person, answers, sent } = open({ ...both, [PUT]: () => refuse(412, 'VERSION_CONFLICT') })
    await person.click(await button('Edit Buy milk'))
    await person.type(box('Title'), ' and bread')
    answers['GET /api/v1/todos'] = () => page(elsewhere, plants)
    await person.click(await button('Save'))
    expect(await screen.findByText('Two bottles')).toBeTruthy()
    await waitFor(() => expect(box('Title').value).toBe('Buy milk and bread'))

    const body = { title: 'Buy milk and bread', description: 'Two bottles', due_on: '2027-03-31', completed: false }
    answers[PUT] = () => reply<'Todo'>(200, { ...elsewhere, ...body, version: 6 })
    await person.click(await button('Save'))

    await status('Saved “Buy milk and bread”.')
    expect(sent.at(-1)).toEqual({ call: PUT, version: '"5"', body })
  })

  it('that was refused still sends a field that is changed back: the person sees what others made of it [001-FR-024]', async () => {
    const elsewhere = { ...milk, title: 'Buy oat milk', version: 5 }
    const { person, answers, sent } = open({ ...both, [PUT]: () => refuse(412, 'VERSION_CONFLICT') })
    await person.click(await button('Edit Buy milk'))
    await person.type(box('Title'), '!')
    answers['GET /api/v1/todos'] = () => page(elsewhere, plants)
    await person.click(await button('Save'))
    await checkbox('Buy oat milk')
    await waitFor(() => expect(box('Title').value).toBe('Buy milk!'))

    answers[PUT] = () => reply<'Todo'>(200, { ...milk, version: 6 })
    await person.type(box('Title'), '{Backspace}{Enter}')

    await status('Saved “Buy milk”.')
    const body = { title: 'Buy milk', description: null, due_on: null, completed: false }
    expect(sent.at(-1)).toEqual({ call: PUT, version: '"5"', body })
  })

  it('of the description alone says that it is saved [001-FR-022]', async () => {
    const { person, sent } = open({ ...both, [PUT]: () => saved({ description: 'Oat' }) })
    await person.click(await button('Edit Buy milk'))
    const row = box('Title').closest('li') as HTMLElement

    await person.type(within(row).getByRole('textbox', { name: 'Description' }), 'Oat')
    await person.click(await button('Save'))

    await status('Saved “Buy milk”.')
    const body = { title: 'Buy milk', description: 'Oat', due_on: null, completed: false }
    expect(sent.at(-1)).toEqual({ call: PUT, version: '"1"', body })
  })

  it('that changes nothing is closed, and nothing is sent', async () => {
    const { person, sent } = open(both)
    await person.click(await button('Edit Buy milk'))

    await person.type(box('Title'), '{Enter}')

    expect(await button('Edit Buy milk')).toBe(focused())
    expect(screen.queryByRole('textbox', { name: 'Title' })).toBeNull()
    expect(sent.some(({ call }) => call === PUT)).toBe(false)
  })

  it('refuses a blank title at the field [001-FR-017]', async () => {
    const { person } = open(both)
    await person.click(await button('Edit Buy milk'))

    await person.clear(box('Title'))
    await person.click(await button('Save'))

    expect(await alert()).toBe(rules.TodoChange.properties.title['x-refusal'])
    expect(box('Title')).toBe(focused())
  })
})

describe('deleting a todo', () => {
  it('asks first, and Cancel keeps it [001-FR-025]', async () => {
    const { person, sent } = open(both)

    await person.click(await button('Delete Buy milk'))
    expect(await screen.findByRole('dialog', { name: 'Delete todo?' })).toBeTruthy()
    expect(await button('Cancel')).toBe(focused())
    await person.click(await button('Cancel'))

    expect(screen.queryByRole('dialog')).toBeNull()
    expect(sent.some(({ call }) => call === DELETE)).toBe(false)
  })

  it('takes it away before the answer comes, and the focus goes to the row that took its place [001-FR-025] [001-FR-027]', async () => {
    const answer = Promise.withResolvers<Response>()
    const { person, sent } = open({ ...both, [DELETE]: () => answer.promise })
    await person.click(await button('Delete Buy milk'))

    await person.click(await button('Delete'))

    await waitFor(() => expect(titles()).toEqual(['Water the plants']))
    expect(screen.queryByRole('dialog')).toBeNull()
    await waitFor(async () => expect(await button('Delete Water the plants')).toBe(focused()))
    expect(sent.at(-1)).toEqual({ call: DELETE, version: '"1"', body: undefined })
    answer.resolve(new Response(null, { status: 204 }))
    await status('Deleted “Buy milk”.')
    expect(titles()).toEqual(['Water the plants'])
  })

  it('the last one leaves the focus where the next one is written [001-FR-027]', async () => {
    const { person } = open({
      'GET /api/v1/todos': () => page(milk),
      [DELETE]: () => new Response(null, { status: 204 }),
    })
    await person.click(await button('Delete Buy milk'))

    await person.click(await button('Delete'))

    expect(await screen.findByText('Nothing to do yet.')).toBeTruthy()
    expect(await newTodo()).toBe(focused())
  })

  it('that fails brings it back to its place [001-FR-025]', async () => {
    const { person } = open({ ...both, [DELETE]: () => refuse(412, 'VERSION_CONFLICT') })
    await person.click(await button('Delete Buy milk'))

    await person.click(await button('Delete'))

    expect(await alert()).toContain('“Buy milk” could not be deleted. It was changed elsewhere in the meantime.')
    await waitFor(() => expect(titles()).toEqual(['Buy milk', 'Water the plants']))
  })
})

describe('a due date in words [001-FR-029]', () => {
  const today = new Date(2026, 10, 22, 23, 30)

  it.each([
    ['2026-11-22', 'Due today'],
    ['2026-11-23', 'Due tomorrow'],
    ['2026-11-27', 'Due on Friday'],
    ['2026-12-31', 'Due on 31 December'],
    ['2027-03-31', 'Due on 31 March 2027'],
    ['2026-11-21', 'Overdue since yesterday'],
    ['2026-10-03', 'Overdue since 3 October'],
  ])('%s is “%s”', (due_on, words) => {
    expect(dueInWords(due_on, false, today)).toBe(words)
  })

  it('is not overdue once completed', () => {
    expect(dueInWords('2026-10-03', true, today)).toBe('Due on 3 October')
  })
})
