// The todos' calls, cache and words: asks and changes through the API. Knows no component.
import {
  keepPreviousData,
  type MutationState,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useMutationState,
  useQueryClient,
} from '@tanstack/react-query'

import { type ApiError, answer, api } from '../api/client'
import { announce, dismiss } from '../ui/notices'
import { type Change, type Deed, latest, type NewTodo, type ShownTodo, shown, type Todo, type Update } from './shown'

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
