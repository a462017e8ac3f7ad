// One todo: shown, completed, edited in place, deleted. What could not be saved stays in its form. Knows no list.
import { useEffect, useId, useRef, useState } from 'react'
import { flushSync } from 'react-dom'

import type { Refusals } from '../api/rules'
import { Button } from '../ui/form'
import { AlertIcon, CalendarIcon, CheckIcon, PencilIcon, TrashIcon } from '../ui/icons'
import { type Change, type NewTodo as Fields, type ShownTodo, type Todo, useDeleteTodo, useUpdateTodo } from './queries'
import { TodoForm } from './todo-form'

/**
 * `seen` is the todo that the fields began from; null once they could not be saved: then it is shown beside them.
 * `change` is what could not be saved. The person has now seen what it would overwrite, so it is sent again.
 */
type Editing = { fields: Fields; change: Change; seen: Todo | null; refused?: Refusals | undefined }

/** `onHold` asks the list to keep the row in sight, as long as its form holds what is not saved. */
export function TodoRow({ todo, onHold }: { todo: ShownTodo; onHold: (saved: Todo | null) => void }) {
  const { key, saved, title, description, completed, due_on } = todo
  const id = useId()
  const [editing, setEditing] = useState<Editing | null>(null)
  const [asking, setAsking] = useState(false)
  const titleBox = useRef<HTMLInputElement>(null)
  const editButton = useRef<HTMLButtonElement>(null)
  const toggle = useUpdateTodo(key)
  const remove = useDeleteTodo(key)
  const save = useUpdateTodo(key, ({ field, message }, { typed, change }) => {
    if (typed) setEditing({ fields: typed, change, seen: null, refused: field ? { [field]: message } : undefined })
  })

  function edit() {
    if (!editing) {
      flushSync(() => {
        setEditing({ fields: { title, description, due_on }, change: {}, seen: saved })
        onHold(saved)
      })
    }
    const box = titleBox.current
    box?.focus()
    box?.setSelectionRange(box.value.length, box.value.length)
  }

  function close() {
    flushSync(() => setEditing(null))
    editButton.current?.focus()
  }

  function submit(typed: Fields) {
    const seen = editing?.seen ?? saved
    const change = editing && changed(typed, editing)
    if (!seen || !change || Object.keys(change).length === 0) return cancel()
    save.mutate({ saved: seen, change, typed }, { onSuccess: () => onHold(null) })
    close()
  }

  function cancel() {
    close()
    onHold(null)
  }

  return (
    <li aria-busy={todo.waiting} className="group px-4 py-2.5 transition-colors sm:px-5">
      {!editing?.seen && (
        <div className="grid grid-cols-[auto_1fr_auto] items-start gap-x-2">
          <span className="relative -ms-2 grid size-10 place-items-center">
            <input
              id={id}
              type="checkbox"
              checked={completed}
              disabled={!saved}
              onChange={() => saved && toggle.mutate({ saved, change: { completed: !completed } })}
              className="peer absolute inset-0 cursor-pointer appearance-none rounded-xl disabled:cursor-default"
            />
            <span className="tick" aria-hidden="true">
              <CheckIcon className="size-4" />
            </span>
          </span>
          <label
            htmlFor={id}
            dir="auto"
            className={`title ${completed ? 'completed' : ''} ${saved ? '' : 'text-muted'}`}
          >
            {title}
          </label>
          <div className="-me-2 flex items-center">
            {todo.waiting && <span className="waiting" />}
            <Button ref={editButton} look="icon" aria-label={`Edit ${title}`} disabled={!saved} onClick={edit}>
              <PencilIcon />
            </Button>
            <Button look="icon" aria-label={`Delete ${title}`} disabled={!saved} onClick={() => setAsking(true)}>
              <TrashIcon />
            </Button>
          </div>
          {(description || due_on) && (
            <div className="col-span-2 col-start-2 grid gap-2 pe-2 pb-2">
              {description && (
                <p dir="auto" className="text-[0.9375rem] whitespace-pre-wrap text-muted wrap-anywhere">
                  {description}
                </p>
              )}
              {due_on && <DueOn due_on={due_on} completed={completed} />}
            </div>
          )}
        </div>
      )}
      {editing && (
        <div className="py-3">
          {!editing.seen && <p className="mb-3 text-sm font-medium text-danger">Not saved yet:</p>}
          <TodoForm
            title={{ label: 'Title', ref: titleBox }}
            fields={editing.fields}
            refused={editing.refused}
            onSubmit={submit}
            onCancel={cancel}
            buttons={
              <>
                <Button onClick={cancel}>Cancel</Button>
                <Button look="primary" type="submit">
                  Save
                </Button>
              </>
            }
          />
        </div>
      )}
      {asking && saved && (
        <DeleteDialog title={title} onDelete={() => remove.mutate(saved)} onClose={() => setAsking(false)} />
      )}
    </li>
  )
}

/** Only what the person changed: the other fields may have been changed elsewhere. */
function changed(typed: Fields, { fields, change }: Editing): Change {
  const names = ['title', 'description', 'due_on'] as const
  return Object.fromEntries(
    names.filter(name => typed[name] !== fields[name] || name in change).map(name => [name, typed[name]]),
  )
}

const DAY = 86_400_000
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'UTC' })
const thisYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })
const anyYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

/** Days from `today`, a local moment, to `due_on`, a day: negative when it has passed. */
function daysUntil(due_on: string, today: Date): number {
  return (Date.parse(due_on) - Date.UTC(today.getFullYear(), today.getMonth(), today.getDate())) / DAY
}

export function dueInWords(due_on: string, completed: boolean, today: Date): string {
  const days = daysUntil(due_on, today)
  const day = new Date(due_on)
  const date = (day.getUTCFullYear() === today.getFullYear() ? thisYear : anyYear).format(day)
  if (days < 0 && !completed) return days === -1 ? 'Overdue since yesterday' : `Overdue since ${date}`
  if (days === 0) return 'Due today'
  if (days === 1) return 'Due tomorrow'
  return days > 1 && days < 7 ? `Due on ${weekday.format(day)}` : `Due on ${date}`
}

function DueOn({ due_on, completed }: { due_on: string; completed: boolean }) {
  const today = new Date()
  const days = completed ? Number.POSITIVE_INFINITY : daysUntil(due_on, today)
  const look = days < 0 ? 'bg-warm-soft text-warm' : days < 2 ? 'bg-accent-soft text-accent' : 'text-muted -ms-2.5'
  const Icon = days < 0 ? AlertIcon : CalendarIcon
  return (
    <p className={`flex w-fit items-center gap-1.5 rounded-full px-2.5 py-1 text-sm font-medium ${look}`}>
      <Icon className="size-4 shrink-0" />
      <time dateTime={due_on}>{dueInWords(due_on, completed, today)}</time>
    </p>
  )
}

/** Asks before a todo is deleted. The browser's own modal: keeps the focus in, gives it back, closes on Escape. */
function DeleteDialog(props: { title: string; onDelete: () => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const cancel = useRef<HTMLButtonElement>(null)
  const id = useId()

  useEffect(() => {
    dialog.current?.showModal()
    cancel.current?.focus()
  }, [])

  function confirm() {
    dialog.current?.close()
    props.onDelete()
  }

  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      aria-describedby={`${id}-todo`}
      onClose={props.onClose}
      className="card m-auto w-[calc(100%-2rem)] max-w-sm bg-raised p-6 text-ink shadow-float backdrop:bg-backdrop"
    >
      <h2 id={id} className="text-xl font-bold tracking-tight">
        Delete todo?
      </h2>
      <p id={`${id}-todo`} className="mt-2 text-muted">
        <bdi className="line-clamp-4 font-medium text-ink wrap-anywhere">{props.title}</bdi> It will be gone for good.
      </p>
      <div className="mt-6 flex flex-wrap justify-end gap-2">
        <Button ref={cancel} onClick={() => dialog.current?.close()}>
          Cancel
        </Button>
        <Button look="danger" onClick={confirm}>
          Delete
        </Button>
      </div>
    </dialog>
  )
}
