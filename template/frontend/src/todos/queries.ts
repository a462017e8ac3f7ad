// The todos' calls, cache and words: asks and changes through the API, and lays over the server's pages what the person
// did since. Knows no component.
import {
  keepPreviousData,
  type MutationState,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useMutationState,
  useQueryClient,
} from '@tanstack/react-query'

import { type ApiError, answer, api, type Schemas } from '../api/client'
import { announce, dismiss } from '../ui/notices'

export type Todo = Schemas['Todo']
export type NewTodo = Required<Schemas['NewTodo']>
export type Change = Partial<Schemas['TodoChange']>

/** Moments are milliseconds of this machine's clock: when the page was asked for, when the answer came. */
export type Page = Schemas['TodoPage'] & { asked: number }
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

const queryKey = ['todos']

/** The list in pages; `completed` narrows it down. `held` rows stay in sight. */
export function useTodos(completed: boolean | undefined, held: ShownTodo[]) {
  const query = useInfiniteQuery({
    queryKey: [...queryKey, { completed }],
    queryFn: async ({ pageParam: cursor, signal }) => {
      const asked = Date.now()
      const call = api.GET('/api/v1/todos', { params: { query: { cursor, completed } }, signal })
      return { ...(await answer(call, signal)), asked }
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  const deeds = useMutationState({
    filters: { mutationKey: queryKey, predicate: ({ state }) => state.status !== 'error' },
    select: ({ mutationId, options, state }) => toDeed(mutationId, options.mutationKey, state),
  })
  return { ...query, todos: shown(query.data?.pages ?? [], deeds, held, completed) }
}

export function useCreateTodo(onRefused: (error: ApiError, todo: NewTodo) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationKey: [...queryKey, 'create'],
    scope: { id: 'new todos' },
    gcTime: Number.POSITIVE_INFINITY,
    mutationFn: async (todo: NewTodo) => saved(await answer(api.POST('/api/v1/todos', { body: todo }))),
    onMutate: dismiss,
    onSuccess: ({ todo }) => announce('status', `Added ${quoted(todo.title)}.`),
    onError: (error, todo) => {
      onRefused(error, todo)
      // It is kept for when the person has signed in again: nothing is lost.
      if (error.code === 'UNAUTHENTICATED') return
      return failed(client, error, `${quoted(todo.title)} could not be added.`)
    },
  })
}

/** Changes of one todo wait for one another, so that each builds on the version that the one before made. */
export function useUpdateTodo(id: string, onRefused?: (error: ApiError, update: Update) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationKey: [...queryKey, 'update'],
    scope: { id },
    gcTime: Number.POSITIVE_INFINITY,
    mutationFn: async ({ saved: seen, change }: Update) => {
      const { version, title, description, completed, due_on } = latest(seen, deedsDone(client))
      const call = api.PUT('/api/v1/todos/{todo_id}', {
        params: { path: { todo_id: id }, header: { 'If-Match': `"${version}"` } },
        body: { title, description, completed, due_on, ...change },
      })
      return saved(await answer(call))
    },
    onMutate: dismiss,
    onSuccess: ({ todo }, { change }) => announce('status', done(todo, change)),
    onError: async (error, update) => {
      await failed(client, error, `${quoted(update.saved.title)} could not be saved.`)
      onRefused?.(error, update)
    },
  })
}

export function useDeleteTodo(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationKey: [...queryKey, 'delete'],
    scope: { id },
    gcTime: Number.POSITIVE_INFINITY,
    mutationFn: (seen: Todo) => {
      const { version } = latest(seen, deedsDone(client))
      const params = { path: { todo_id: id }, header: { 'If-Match': `"${version}"` } }
      return answer(api.DELETE('/api/v1/todos/{todo_id}', { params }))
    },
    onMutate: dismiss,
    onSuccess: (_, { title }) => announce('status', `Deleted ${quoted(title)}.`),
    onError: (error, { title }) => failed(client, error, `${quoted(title)} could not be deleted.`),
  })
}

/** The list as a person sees it: what the server said, and over it the person's own changes. Pure. `held` are kept in sight whatever the server and the filter say: someone is typing in them. */
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
    const unseen = deed.kind !== 'delete' && deed.data && asked <= deed.data.answered
    if (deed.kind === 'create' && deed.data && unseen) put(deed.data.todo)
    if (deed.kind === 'update' && deed.data && (unseen || rows.has(deed.data.todo.id))) put(deed.data.todo)
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

function saved(todo: Todo) {
  return { todo, answered: Date.now() }
}

function done({ title }: Todo, change: Change) {
  if (change.completed === undefined) return `Saved ${quoted(title)}.`
  return change.completed ? `Completed ${quoted(title)}.` : `${quoted(title)} is active again.`
}

/** Says it, and asks the server what is true now; when others changed the todo, that is shown before what failed is undone. */
async function failed(client: QueryClient, error: ApiError, what: string) {
  announce('alert', `${what} ${error.advice}`)
  if (error.code === 'UNAUTHENTICATED') return
  const asked = client.invalidateQueries({ queryKey })
  if (error.code === 'VERSION_CONFLICT' || error.code === 'NOT_FOUND') await asked
}

function deedsDone(client: QueryClient): Deed[] {
  const mutations = client.getMutationCache().findAll({ mutationKey: queryKey, status: 'success' })
  return mutations.map(({ mutationId, options, state }) => toDeed(mutationId, options.mutationKey, state))
}

/** The cache holds mutations of any kind; the key tells which of the three above this one is. */
function toDeed(id: number, key: readonly unknown[] | undefined, { variables, data }: MutationState) {
  return { id, kind: key?.[1], variables, data } as Deed
}

/** A long title is shortened, so that the rest of the sentence stays in sight. */
function quoted(title: string) {
  const characters = [...title]
  return `“${characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : title}”`
}
