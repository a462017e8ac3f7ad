// The list as a person sees it: what the server said, and over it what the person did since. Pure: knows no cache, no call.
import type { components } from '../api/types.gen'

export type Todo = components['schemas']['Todo']
export type NewTodo = Required<components['schemas']['NewTodo']>
export type Change = Partial<components['schemas']['TodoChange']>

/** Moments are milliseconds of this machine's clock: when the page was asked for, when the answer came. */
export type Page = components['schemas']['TodoPage'] & { asked: number }
type Saved = { todo: Todo; answered: number }
/** `typed` is the whole form that the change was made in. */
export type Update = { saved: Todo; change: Change; typed?: NewTodo }

/** What the person did, in order. While it waits it is believed; once it failed it is no longer in here. */
export type Deed =
  | { id: number; kind: 'create'; variables: NewTodo; data: Saved | undefined }
  | { id: number; kind: 'update'; variables: Update; data: Saved | undefined }
  | { id: number; kind: 'delete'; variables: Todo; data: unknown }

/** `saved` is what the server has, null until it has it. `waiting` while an answer is on its way. */
export type ShownTodo = Pick<Todo, 'title' | 'description' | 'completed' | 'due_on'> & {
  key: string
  saved: Todo | null
  waiting: boolean
}

/** `held` are kept in sight whatever the server and the filter say: someone is typing in them. */
export function shown(pages: Page[], deeds: Deed[], held: ShownTodo[], completed?: boolean): ShownTodo[] {
  const rows = new Map<string, ShownTodo>()
  const put = (todo: Todo) => {
    const known = rows.get(todo.id)?.saved
    if (!known || known.version < todo.version)
      rows.set(todo.id, { ...todo, key: todo.id, saved: todo, waiting: false })
  }

  for (const row of held) rows.set(row.key, row)
  for (const page of pages) page.items.forEach(put)
  const asked = pages[0]?.asked ?? 0
  for (const deed of deeds) {
    // A page asked for later would have it, unless it was deleted elsewhere.
    if (deed.kind === 'create' && deed.data && asked <= deed.data.answered) put(deed.data.todo)
    if (deed.kind === 'update' && deed.data && rows.has(deed.data.todo.id)) put(deed.data.todo)
    if (deed.kind === 'delete') rows.delete(deed.variables.id)
    if (deed.kind === 'update' && !deed.data) {
      const row = rows.get(deed.variables.saved.id)
      if (row) rows.set(row.key, { ...row, ...deed.variables.change, waiting: true })
    }
  }

  const creating = deeds.flatMap(deed =>
    deed.kind === 'create' && !deed.data
      ? [{ ...deed.variables, key: `new-${deed.id}`, completed: false, saved: null, waiting: true }]
      : [],
  )
  const created = (row: ShownTodo) => Date.parse(row.saved?.created_at ?? '')
  const list = [...rows.values()].sort((one, other) => created(other) - created(one))
  return [...creating.reverse(), ...list].filter(
    row => completed === undefined || row.completed === completed || held.some(({ key }) => key === row.key),
  )
}

/** The todo as the person's own changes left it: they may build on these, but not on a change they have not seen. */
export function latest(seen: Todo, deeds: Deed[]): Todo {
  return deeds.reduce((todo, deed) => {
    const next = deed.kind === 'update' ? deed.data?.todo : undefined
    return next?.id === todo.id && next.version === todo.version + 1 ? next : todo
  }, seen)
}
