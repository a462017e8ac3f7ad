import { screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import { rules } from './api/rules.gen'
import { button, demo, open, refuse, reply, signIn, uuid } from './testing'

const nobody = { 'GET /api/v1/session': () => refuse(401, 'UNAUTHENTICATED') }

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
    await person.click(screen.getByRole('button', { name: 'Try again' }))

    expect(await button('Sign out')).toBeTruthy()
    expect(screen.getByRole('main').contains(document.activeElement)).toBe(true)
  })
})

describe('signing in', () => {
  it('leads to what is behind it, with the focus there [002-FR-011]', async () => {
    const { person, sent } = open({ ...nobody, 'POST /api/v1/session': () => reply<'Account'>(201, demo) })

    await signIn(person)

    expect(await button('Sign out')).toBeTruthy()
    expect(screen.getByRole('main').contains(document.activeElement)).toBe(true)
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

describe('coming back to the window', () => {
  const comeBack = () => document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))

  it('after the session has ended leads to the form with a kind notice [002-FR-013]', async () => {
    const { answers } = open({})
    await button('Sign out')

    Object.assign(answers, nobody)
    comeBack()

    expect(await screen.findByRole('textbox', { name: 'Email' })).toBeTruthy()
    expect(screen.getByRole('status').textContent).toBe('Your session has ended. Sign in again to go on.')
  })

  it('after another person signed in elsewhere shows that person [002-FR-014]', async () => {
    const { answers } = open({})
    await screen.findByText('demo@example.com')

    answers['GET /api/v1/session'] = () => reply<'Account'>(200, { id: uuid(8), email: 'ada@example.com' })
    comeBack()

    expect(await screen.findByText('ada@example.com')).toBeTruthy()
    expect(screen.queryByText('demo@example.com')).toBeNull()
  })
})

describe('signing out', () => {
  it('that fails says that the person is still signed in [002-FR-014]', async () => {
    const { person } = open({ 'DELETE /api/v1/session': () => refuse(500, 'INTERNAL_ERROR') })

    await person.click(await button('Sign out'))

    await waitFor(() =>
      expect(screen.getByRole('alert').textContent).toBe(
        'You are still signed in. The server failed. Try again in a moment.',
      ),
    )
    expect(await button('Sign out')).toBeTruthy()
  })
})
