// What a form refuses: the contract's own JSON Schemas, run on what the person typed. Knows no form.
// Runs in plain Node too: the contract tests compare it with the backend. So imports carry their extensions.
import { type Schema, Validator } from '@cfworker/json-schema'

import { rules } from './rules.gen.ts'

export type Refusals = Record<string, string>
type Name = keyof typeof rules

const OTHER = 'This is not asked for.'

/** The field's sentence for people, as the contract words it. */
export function refusal(name: Name, field: string): string {
  const fields: Record<string, { 'x-refusal'?: string } | undefined> = { ...rules[name].properties }
  return (Object.hasOwn(fields, field) && fields[field]?.['x-refusal']) || OTHER
}

/** A sentence for each refused field; empty when the contract takes the value. A value that is no object is field ''. */
export function refusals(name: Name, value: unknown): Refusals {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { '': OTHER }
  const schema = rules[name]
  const missing = schema.required.filter(field => !Object.hasOwn(value, field))
  // JSON in UTF-8 cannot carry half a surrogate pair; a schema cannot say so, and the validator cannot name such a field.
  const unnamed = Object.keys(value).filter(field => !field.isWellFormed())
  const named = Object.entries(value).filter(([field]) => field.isWellFormed())
  const broken = named.flatMap(([field, part]) => (typeof part === 'string' && !part.isWellFormed() ? [field] : []))
  const { errors } = new Validator(schema as unknown as Schema, '2020-12', false).validate(Object.fromEntries(named))
  const refused = errors.flatMap(({ instanceLocation }) => {
    const field = instanceLocation.split('/')[1]
    return field === undefined ? [] : [decodeURIComponent(field).replaceAll('~1', '/').replaceAll('~0', '~')]
  })
  return Object.fromEntries([...missing, ...unnamed, ...broken, ...refused].map(field => [field, refusal(name, field)]))
}
