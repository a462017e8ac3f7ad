import { describe, expect, it } from 'vitest'

import { refusals } from './rules'
import { rules } from './rules.gen'

const { title, description, due_on } = rules.NewTodo.properties
const emoji = '🥛'

describe('refusals [001-FR-017]', () => {
  it.each([
    ['one letter', 'a'],
    ['200 emoji', emoji.repeat(200)],
    ['white space around words', '  Buy milk\u00a0'],
    ['right-to-left words', 'لبن'],
  ])('takes a title of %s', (_, title) => {
    expect(refusals('NewTodo', { title, description: null, due_on: null })).toEqual({})
  })

  it.each([
    ['nothing', ''],
    ['spaces', '   '],
    ['Unicode white space', '\u0085\u00a0\u2003\u3000'],
    ['a byte order mark', '\ufeff'],
    ['201 emoji', emoji.repeat(201)],
    ['a NUL among words', 'Buy\u0000milk'],
    ['half an emoji', 'Buy \ud83e'],
    ['a number', 7],
  ])('refuses a title of %s', (_, value) => {
    expect(refusals('NewTodo', { title: value })).toEqual({ title: title['x-refusal'] })
  })

  it.each(['2027-03-31', '2028-02-29', '0001-01-01', null])('takes the due date %s', value => {
    expect(refusals('NewTodo', { title: 'Buy milk', due_on: value })).toEqual({})
  })

  it.each(['', '2027-02-29', '2027-3-1', '0000-01-01', '12027-03-31', '2027-03-31T00:00:00Z', 'tomorrow', 0])(
    'refuses the due date %j',
    value => {
      expect(refusals('NewTodo', { title: 'Buy milk', due_on: value })).toEqual({ due_on: due_on['x-refusal'] })
    },
  )

  it('names every refused field at once', () => {
    const value = { title: ' ', description: 'o'.repeat(2001), due_on: 'soon' }

    expect(refusals('NewTodo', value)).toEqual({
      title: title['x-refusal'],
      description: description['x-refusal'],
      due_on: due_on['x-refusal'],
    })
  })

  it('refuses what is missing', () => {
    expect(Object.keys(refusals('TodoChange', { title: 'Buy milk' }))).toEqual(['description', 'completed', 'due_on'])
  })

  it.each(['owner', 'constructor', '__proto__', 'a/b~c%', 'ü', '\ud83e'])('refuses the unknown field %j', field => {
    const value = JSON.parse(`{"title": "Buy milk", ${JSON.stringify(field)}: 1}`)

    expect(refusals('NewTodo', value)).toEqual({ [field]: 'This is not asked for.' })
  })

  it.each([null, 'Buy milk', 7, ['Buy milk']])('refuses %j, which is no object', value => {
    expect(refusals('NewTodo', value)).toEqual({ '': 'This is not asked for.' })
  })
})
