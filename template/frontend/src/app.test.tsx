import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import { rules } from './api/rules.gen'
import { button, demo, newTodo, open, page, refuse, reply, todo } from './testing'

const nobody = { 'GET /api/v1/session': () => refuse(401, 'UNAUTHENTICATED') }

async function signIn(person: ReturnType<typeof open>['person'], password = 'demo-password') {
  await person.type(await screen.findByRole('textbox', { name: 'Email' }), 'demo@example.com')
  await person.type(screen.getByLabelText('Password'), password)
  await person.click(screen.getByRole('button', { name: 'Sign in' }))
}

describe('opening the page', () => {
  it('is calm, and shows no form, until it is known who is signed in [002-FR-012]', async () => {
    const session = Promise.withResolvers<Response>()
    open({ 'GET /api/v1/session': () => session.promise })

    expect(screen.getByRole('main').getAttribute('aria-busy')).toBe('true')
    expect(screen.queryByRole('textbox')).toBeNull()

    session.resolve(refuse(401, 'UNAUTHENTICATED'))
    expect(await screen.findByRole('textbox', { name: 'Email' })).toBe(document.activeElement)
  })

  it('says what failed, and recovers without a reload [002-FR-012]', async () => {
    const { person, answers } = open({ 'GET /api/v1/session': () => refuse(500, 'INTERNAL_ERROR') })
    expect((await screen.findByRole('alert')).textContent).toBe(
      'My App could not be loaded. The server failed. Try again in a moment.',
    )

    answers['GET /api/v1/session'] = () => reply<'Account'>(200, demo)
    answers['GET /api/v1/todos'] = () => page(todo(1))
    await person.click(screen.getByRole('button', { name: 'Try again' }))

    expect(await screen.findByRole('checkbox', { name: 'Buy milk' })).toBeTruthy()
    expect(screen.getByRole('textbox', { name: 'New todo' })).toBe(document.activeElement)
  })
})

describe('signing in', () => {
  it('leads to the list, with the focus where the first thing is written [002-FR-011]', async () => {
    const { person, sent } = open({
      ...nobody,
      'POST /api/v1/session': () => reply<'Account'>(201, demo),
      'GET /api/v1/todos': () => page(todo(1)),
    })

    await signIn(person)

    expect(await screen.findByRole('checkbox', { name: 'Buy milk' })).toBeTruthy()
    expect(screen.getByRole('textbox', { name: 'New todo' })).toBe(document.activeElement)
    expect(sent[1]?.body).toEqual({ email: 'demo@example.com', password: 'demo-password' })
  })

  it('with a wrong password says so and waits in the password [002-FR-011]', async () => {
    const { person } = open({ ...nobody, 'POST /api/v1/session': () => refuse(401, 'UNAUTHENTICATED') })

    await signIn(person, 'guess')

    expect((await screen.findByRole('alert')).textContent).toBe(
      'This email and password do not belong together. Try again.',
    )
    expect(screen.getByLabelText('Password')).toBe(document.activeElement)
  })

  it('refuses what the contract refuses, at the field, and asks nobody [002-FR-011]', async () => {
    const { person, sent } = open(nobody)

    await person.type(await screen.findByRole('textbox', { name: 'Email' }), 'demo')
    await person.type(screen.getByLabelText('Password'), 'demo-password{Enter}')

    const email = screen.getByRole('textbox', {
      name: 'Email',
      description: rules.Credentials.properties.email['x-refusal'],
    })
    expect(email.getAttribute('aria-invalid')).toBe('true')
    expect(email).toBe(document.activeElement)
    expect(sent.map(({ call }) => call)).toEqual(['GET /api/v1/session'])
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
})

describe('coming back to the window', () => {
  const comeBack = () => document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))

  it('after the session has ended leads to the form with a kind notice [002-FR-013]', async () => {
    const { answers } = open({ 'GET /api/v1/todos': () => page(todo(1)) })
    await screen.findByRole('checkbox')

    Object.assign(answers, nobody)
    comeBack()

    expect(await screen.findByRole('textbox', { name: 'Email' })).toBeTruthy()
    expect(screen.getByRole('status').textContent).toBe('Your session has ended. Sign in again to go on.')
  })

  it('after another person signed in elsewhere shows nothing of the first [002-FR-014]', async () => {
    const { answers } = open({ 'GET /api/v1/todos': () => page(todo(1)) })
    await screen.findByRole('checkbox')

    answers['GET /api/v1/session'] = () => reply<'Account'>(200, { id: todo(8).id, email: 'ada@example.com' })
    answers['GET /api/v1/todos'] = () => refuse(500, 'INTERNAL_ERROR')
    comeBack()

    expect(await screen.findByText('ada@example.com')).toBeTruthy()
    expect(screen.queryByRole('checkbox')).toBeNull()
  })
})

describe('a session that ended while something was added', () => {
  it('gives the words back to the same person, and to no other [002-FR-013]', async () => {
    const grace = { id: todo(7).id, email: 'grace@example.com' }
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

describe('signing out', () => {
  it('leaves nothing of one person for the next [002-FR-014]', async () => {
    const { person, answers } = open({
      'GET /api/v1/todos': () => page(todo(1, { title: "Plan Grace's party" })),
      'DELETE /api/v1/session': () => new Response(null, { status: 204 }),
      'POST /api/v1/session': () => reply<'Account'>(201, { ...demo, id: todo(7).id, email: 'grace@example.com' }),
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

  it('that fails says that the person is still signed in [002-FR-014]', async () => {
    const { person } = open({
      'GET /api/v1/todos': () => page(todo(1)),
      'DELETE /api/v1/session': () => refuse(500, 'INTERNAL_ERROR'),
    })

    await person.click(await screen.findByRole('button', { name: 'Sign out' }))

    await waitFor(() =>
      expect(screen.getByRole('alert').textContent).toBe(
        'You are still signed in. The server failed. Try again in a moment.',
      ),
    )
    expect(screen.getByRole('checkbox', { name: 'Buy milk' })).toBeTruthy()
  })
})
