import { describe, expect, it } from 'vitest'

import { todo } from '../testing'
import { type Deed, latest, type ShownTodo, shown } from './shown'

const milk = todo(1)
const plants = todo(2, { title: 'Water the plants' })
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

  it('never brings back what was deleted', () => {
    const deed: Deed = { id: 1, kind: 'delete', variables: milk, data: undefined }

    expect(shown(list(10, milk, plants), [deed], [])).toEqual([row(plants)])
  })

  it('keeps in sight, in its place, what is being edited', () => {
    expect(shown(list(10, plants), [], [row(milk)], true)).toEqual([row(milk)])
    expect(shown(list(10, plants), [], [row(milk)])).toEqual([row(milk), row(plants)])
  })
})

describe('latest', () => {
  it('follows own changes, and stops at a change of others', () => {
    const own = [update(2, { completed: true }), update(4, { completed: false })]

    expect(latest(milk, own)).toEqual({ ...milk, completed: true, version: 2 })
  })
})
