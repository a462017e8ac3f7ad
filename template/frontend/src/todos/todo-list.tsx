// The list: narrowed down, page by page, in all its states. Knows no account.
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'

import { Button } from '../ui/form'
import { AlertIcon, AllDone } from '../ui/icons'
import { type ShownTodo, useTodos } from './queries'
import { TodoRow } from './todo-row'

const filters = [
  { name: 'All', completed: undefined, empty: 'Nothing to do yet.', next: 'Write down the first thing above.' },
  { name: 'Active', completed: false, empty: 'All done here.', next: 'Nothing is waiting for you. Enjoy it.' },
  { name: 'Completed', completed: true, empty: 'Nothing completed yet.', next: 'What you tick off is kept here.' },
]

export function TodoList({ otherwise }: { otherwise: RefObject<HTMLElement | null> }) {
  const [{ name, completed, empty, next }, setFilter] = useState(filters[0] as (typeof filters)[number])
  const [held, setHeld] = useState<ShownTodo[]>([])
  const section = useRef<HTMLElement>(null)
  const list = useTodos(completed, held)
  useKeepFocus(section, otherwise)

  const loading = list.isPending || list.isPlaceholderData
  const bare = list.todos.length === 0

  function hold({ key }: ShownTodo, saved: ShownTodo['saved']) {
    setHeld(held => {
      const others = held.filter(row => row.key !== key)
      return saved ? [...others, { ...saved, key, saved, waiting: false }] : others
    })
  }

  return (
    <section ref={section} aria-label="Todos" aria-busy={loading} className="mt-8">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's fields; these buttons change what is shown */}
      <div role="group" aria-label="Show" className="mb-3 flex w-fit gap-1 rounded-2xl bg-track p-1">
        {filters.map(filter => (
          <button
            key={filter.name}
            type="button"
            aria-pressed={filter.name === name}
            onClick={() => setFilter(filter)}
            className="button px-4 font-medium text-muted hover:text-ink aria-pressed:bg-pressed aria-pressed:text-ink aria-pressed:shadow-xs"
          >
            {filter.name}
          </button>
        ))}
      </div>
      {!bare && (
        <ul className="card divide-y divide-line py-1">
          {list.todos.map(todo => (
            <TodoRow key={todo.key} todo={todo} onHold={saved => hold(todo, saved)} />
          ))}
        </ul>
      )}
      {list.error && (
        <div className="card mt-3 flex flex-wrap items-center gap-4 p-5">
          <AlertIcon className="size-6 shrink-0 text-danger" />
          <p role="alert" className="min-w-48 flex-1">
            Your todos could not be loaded. {list.error.advice}
          </p>
          <Button onClick={() => (list.isFetchNextPageError ? list.fetchNextPage() : list.refetch())}>Try again</Button>
        </div>
      )}
      {bare && loading && <Skeleton />}
      {bare && list.isSuccess && !loading && (
        <div className="grid justify-items-center px-6 py-12 text-center">
          <AllDone className="mb-6 w-40" />
          <p className="text-xl font-semibold">{empty}</p>
          <p className="mt-1 text-muted">{next}</p>
        </div>
      )}
      {list.hasNextPage && !loading && !list.isFetchNextPageError && (
        <Button
          aria-busy={list.isFetchingNextPage}
          onClick={() => !list.isFetchingNextPage && list.fetchNextPage()}
          className="mx-auto mt-4 flex"
        >
          Show more
        </Button>
      )}
    </section>
  )
}

function Skeleton() {
  return (
    <div className="card divide-y divide-line py-1">
      {['w-1/2', 'w-2/3', 'w-2/5'].map(width => (
        <div key={width} className="flex items-center gap-5 px-5 py-6">
          <span className="skeleton size-5" />
          <span className={`skeleton h-4 ${width}`} />
        </div>
      ))}
    </div>
  )
}

/**
 * Keeps the keyboard's place when the focused control leaves the page with its row. The focus goes to the same control of the row that took the place, else of the last row, else to `otherwise`.
 * A control outside the rows counts as the one after the last: a "Show more" that is gone hands on to the first new row.
 */
function useKeepFocus(area: RefObject<HTMLElement | null>, otherwise: RefObject<HTMLElement | null>) {
  const last = useRef<{ control: Element; row: number; place: number } | null>(null)

  useEffect(() => {
    const remember = ({ target }: FocusEvent) => {
      last.current = area.current && target instanceof Element ? placeOf(area.current, target) : null
    }
    const element = area.current
    element?.addEventListener('focusin', remember)
    return () => element?.removeEventListener('focusin', remember)
  }, [area])

  useLayoutEffect(() => {
    if (!area.current || !last.current) return
    const { control, row, place } = last.current
    if (control.isConnected) {
      last.current = placeOf(area.current, control)
    } else if (document.activeElement === document.body) {
      last.current = null
      const rows = area.current.querySelectorAll('li')
      const controls = controlsOf(rows[Math.min(row, rows.length - 1)])
      const next = controls[Math.min(place, controls.length - 1)] ?? otherwise.current
      next?.focus()
    }
  })
}

function placeOf(area: HTMLElement, control: Element) {
  const rows = [...area.querySelectorAll('li')]
  const row = rows.findIndex(row => row.contains(control))
  if (row === -1) return { control, row: rows.length, place: 0 }
  return { control, row, place: controlsOf(rows[row]).indexOf(control as HTMLElement) }
}

function controlsOf(row: Element | undefined) {
  return [...(row?.querySelectorAll<HTMLElement>('input:enabled, textarea, button:enabled') ?? [])]
}
