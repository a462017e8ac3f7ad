// Asks before a todo is deleted. The browser's own modal: keeps the focus in, gives it back, closes on Escape.
import { useEffect, useId, useRef } from 'react'

import { Button } from '../ui/form'

export function DeleteDialog(props: { title: string; onDelete: () => void; onClose: () => void }) {
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
