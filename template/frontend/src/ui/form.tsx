// Buttons, and a form that refuses kindly: each sentence stands at its field, the first refused field gets the focus. Knows no rule.
import { type ComponentProps, createContext, useContext, useEffect, useId, useRef, useState } from 'react'

type Refusals = Record<string, string>
const Refused = createContext<Refusals>({})

/** `refused` must be a new object for each refusal, so that the focus moves each time. */
export function Form({ refused, children, ...props }: ComponentProps<'form'> & { refused: Refusals }) {
  const form = useRef<HTMLFormElement>(null)

  useEffect(() => {
    if (Object.keys(refused).length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [refused])

  return (
    <form ref={form} noValidate {...props}>
      <Refused value={refused}>{children}</Refused>
    </form>
  )
}

type FieldProps = { label: string; name: string; className?: string; large?: boolean }

/** What is typed is never trimmed and never cut: no maxlength, no type that cleans. */
export function TextField(props: FieldProps & Omit<ComponentProps<'input'>, 'className'>) {
  const { label, name, className, large, ...input } = props
  const { id, refusal, described } = useField(name)
  return (
    <Labelled label={label} id={id} refusal={refusal} className={className}>
      <input id={id} name={name} dir="auto" className={large ? 'field text-lg' : 'field'} {...described} {...input} />
    </Labelled>
  )
}

export function TextArea(props: FieldProps & Omit<ComponentProps<'textarea'>, 'className'>) {
  const { label, name, className, large, ...input } = props
  const { id, refusal, described } = useField(name)
  return (
    <Labelled label={label} id={id} refusal={refusal} className={className}>
      <textarea id={id} name={name} dir="auto" rows={1} className="field resize-none" {...described} {...input} />
    </Labelled>
  )
}

/** A sentence stands until the person types on. */
function useField(name: string) {
  const id = useId()
  const refused = useContext(Refused)
  const [typedOn, setTypedOn] = useState<Refusals>()
  const refusal = typedOn === refused ? undefined : refused[name]
  const described = refusal ? { 'aria-invalid': true, 'aria-describedby': `${id}-refusal` } : {}
  return { id, refusal, described: { ...described, onInput: () => setTypedOn(refused) } }
}

function Labelled(props: {
  label: string
  id: string
  refusal: string | undefined
  className: string | undefined
  children: React.ReactNode
}) {
  return (
    <div className={props.className}>
      <label htmlFor={props.id} className="mb-1.5 block text-sm font-medium text-muted">
        {props.label}
      </label>
      {props.children}
      {props.refusal && (
        <p id={`${props.id}-refusal`} role="alert" className="mt-1.5 text-sm font-medium text-danger">
          {props.refusal}
        </p>
      )}
    </div>
  )
}

const looks = {
  primary: 'px-5 bg-accent text-on-accent font-semibold shadow-xs hover:bg-accent-strong',
  danger: 'px-5 bg-danger text-on-danger font-semibold shadow-xs hover:bg-danger-strong',
  quiet: 'px-4 border border-control bg-surface font-medium hover:bg-hover',
  plain: 'px-3 text-muted font-medium hover:bg-hover hover:text-ink',
  icon: 'w-10 text-muted hover:bg-hover hover:text-ink',
}

export function Button({
  look = 'quiet',
  type = 'button',
  className = '',
  ...props
}: ComponentProps<'button'> & { look?: keyof typeof looks }) {
  return <button type={type} className={`button ${looks[look]} ${className}`} {...props} />
}
