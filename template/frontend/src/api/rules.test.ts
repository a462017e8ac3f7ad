import { describe, expect, it } from 'vitest'

import { refusals } from './rules'
import { rules } from './rules.gen'

const { email, password } = rules.Credentials.properties
const ada = { email: 'ada@example.com', password: 'ada-password' }
const emoji = '🥛'

describe('refusals', () => {
  it.each([
    ['one letter', 'a'],
    ['200 emoji', emoji.repeat(200)],
    ['white space around words', '  correct horse\u00a0'],
    ['right-to-left words', 'لبن'],
  ])('takes a text of %s', (_, password) => {
    expect(refusals('Credentials', { ...ada, password })).toEqual({})
  })

  it.each([
    ['nothing', ''],
    ['201 emoji', emoji.repeat(201)],
    ['a NUL among words', 'correct\u0000horse'],
    ['half an emoji', 'correct \ud83e'],
    ['a number', 7],
  ])('refuses a text of %s', (_, value) => {
    expect(refusals('Credentials', { ...ada, password: value })).toEqual({ password: password['x-refusal'] })
  })

  it.each(['ada', 'ada@', '@example.com', 'a da@example.com', 'ada\u0085@example.com', 'ada@example.com\ufeff', null])(
    'refuses the address %j',
    value => {
      expect(refusals('Credentials', { ...ada, email: value })).toEqual({ email: email['x-refusal'] })
    },
  )

  it('names every refused field at once', () => {
    const value = { email: ' ', password: 'o'.repeat(201) }

    expect(refusals('Credentials', value)).toEqual({ email: email['x-refusal'], password: password['x-refusal'] })
  })

  it('refuses what is missing', () => {
    expect(Object.keys(refusals('Credentials', {}))).toEqual(['email', 'password'])
  })

  it.each(['owner', 'constructor', '__proto__', 'a/b~c%', 'ü', '\ud83e'])('refuses the unknown field %j', field => {
    const value = JSON.parse(`{"email": "ada@example.com", "password": "a", ${JSON.stringify(field)}: 1}`)

    expect(refusals('Credentials', value)).toEqual({ [field]: 'This is not asked for.' })
  })

  it.each([null, 'Buy milk', 7, ['Buy milk']])('refuses %j, which is no object', value => {
    expect(refusals('Credentials', value)).toEqual({ '': 'This is not asked for.' })
  })
})
