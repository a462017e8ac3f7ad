// The fields of a todo, judged by the contract: for one that is edited, and for a new one, which is added here.
import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  type SubmitEvent,
  useEffect,
  useRef,
  useState,
} from 'react'

import { type Refusals, refusal, refusals } from '../api/rules'
import { Button, Form, TextArea, TextField } from '../ui/form'
import { PlusIcon } from '../ui/icons'
import { type NewTodo, useCreateTodo } from './queries'

/** Milliseconds in which a submit repeats the one before, when nothing was typed in between. */
const HURRY = 500

type Controls = { title: HTMLInputElement; description: HTMLTextAreaElement; due_on: HTMLInputElement }

type Props = {
  title: { label: string; ref: RefObject<HTMLInputElement | null> }
  fields?: NewTodo
  /** What the server refused after the form had let it pass. */
  refused?: Refusals
  onSubmit: (fields: NewTodo, form: HTMLFormElement) => void
  onCancel?: () => void
  /** The buttons: beside the fields where there is room, or below them. */
  buttons: ReactNode
  beside?: boolean
}

export function TodoForm({
  title,
  fields,
  refused: refusedByServer,
  onSubmit,
  onCancel,
  buttons,
  beside = false,
}: Props) {
  const [refused, setRefused] = useState<Refusals>({})
  const [judged, setJudged] = useState(refusedByServer)
  if (refusedByServer !== judged) {
    setJudged(refusedByServer)
    setRefused(refusedByServer ?? {})
  }

  const accepted = useRef(0)

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    // The second half of a double click finds a form that the first half emptied.
    if (Date.now() - accepted.current < HURRY) return
    const form = event.currentTarget
    const fields = read(form)
    const refused = refusals('NewTodo', fields)
    // A half-typed date reads as none: what was typed would be dropped in silence.
    if (controls(form).due_on.validity.badInput) refused.due_on = refusal('NewTodo', 'due_on')
    setRefused(refused)
    if (Object.keys(refused).length > 0) return
    accepted.current = Date.now()
    onSubmit(fields, form)
  }

  function cancel(event: KeyboardEvent) {
    if (event.key !== 'Escape' || event.nativeEvent.isComposing || !onCancel) return
    event.preventDefault()
    onCancel()
  }

  return (
    <Form
      refused={refused}
      onSubmit={submit}
      onKeyDown={cancel}
      onInput={() => {
        accepted.current = 0
      }}
      className={`grid gap-4 ${beside ? 'sm:grid-cols-[1fr_11rem_auto]' : 'sm:grid-cols-[1fr_11rem]'}`}
    >
      <TextField
        ref={title.ref}
        label={title.label}
        name="title"
        large
        autoComplete="off"
        className="sm:col-span-full"
        defaultValue={fields?.title}
      />
      <TextArea label="Description" name="description" defaultValue={fields?.description ?? ''} />
      <TextField label="Due on" name="due_on" type="date" defaultValue={fields?.due_on ?? ''} />
      <div className={`flex justify-end gap-2 ${beside ? 'sm:mt-6.5 sm:self-start' : 'sm:col-span-full'}`}>
        {buttons}
      </div>
    </Form>
  )
}

const blank: NewTodo = { title: '', description: null, due_on: null }

/** `unsent` outlives the form: after a session has ended, what could not be added waits in it for the same person. */
export function AddTodo({ title, unsent }: { title: RefObject<HTMLInputElement | null>; unsent: NewTodo[] }) {
  const [refused, setRefused] = useState<Refusals>()
  const create = useCreateTodo(({ code, field, message }, fields) => {
    unsent.push(fields)
    // When the session has ended, this form is about to go.
    if (code !== 'UNAUTHENTICATED') restore()
    if (field) setRefused({ [field]: message })
  })

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the form comes; later it is asked for where it is due
  useEffect(restore, [])

  function restore() {
    const form = title.current?.form
    if (!form || !isEmpty(form)) return
    const fields = unsent.shift()
    if (fields) fill(form, fields)
  }

  function add(fields: NewTodo, form: HTMLFormElement) {
    create.mutate(fields)
    fill(form, blank)
    restore()
    title.current?.focus()
  }

  return (
    <div className="card p-5 sm:p-6">
      <TodoForm
        title={{ label: 'New todo', ref: title }}
        refused={refused}
        onSubmit={add}
        beside
        buttons={
          <Button look="primary" type="submit" className="h-11 w-full sm:w-auto">
            <PlusIcon />
            Add
          </Button>
        }
      />
    </div>
  )
}

function controls(form: HTMLFormElement) {
  return form.elements as HTMLFormControlsCollection & Controls
}

function read(form: HTMLFormElement): NewTodo {
  const { title, description, due_on } = controls(form)
  return { title: title.value, description: description.value || null, due_on: due_on.value || null }
}

function isEmpty(form: HTMLFormElement): boolean {
  const { title, description, due_on } = controls(form)
  return !(title.value || description.value || due_on.value || due_on.validity.badInput)
}

function fill(form: HTMLFormElement, fields: NewTodo) {
  const { title, description, due_on } = controls(form)
  title.value = fields.title
  description.value = fields.description ?? ''
  due_on.value = fields.due_on ?? ''
}
