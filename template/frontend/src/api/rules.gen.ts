// Made from contracts/api/openapi.yaml by `make generate`.

export const rules = {
  "NewTodo": {
    "type": "object",
    "additionalProperties": false,
    "required": [
      "title"
    ],
    "properties": {
      "title": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": "^[^\\u0000]*[^\\u0000\\t\\n\\u000b\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff][^\\u0000]*$",
        "x-refusal": "A title has 1 to 200 characters and is not blank."
      },
      "description": {
        "type": [
          "string",
          "null"
        ],
        "maxLength": 2000,
        "pattern": "^[^\\u0000]*$",
        "x-refusal": "A description has at most 2,000 characters."
      },
      "due_on": {
        "type": [
          "string",
          "null"
        ],
        "format": "date",
        "pattern": "^(?!0000)",
        "x-refusal": "A due date is a whole day, like 2027-03-31, or none."
      }
    }
  },
  "TodoChange": {
    "type": "object",
    "additionalProperties": false,
    "required": [
      "title",
      "description",
      "completed",
      "due_on"
    ],
    "properties": {
      "title": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": "^[^\\u0000]*[^\\u0000\\t\\n\\u000b\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff][^\\u0000]*$",
        "x-refusal": "A title has 1 to 200 characters and is not blank."
      },
      "description": {
        "type": [
          "string",
          "null"
        ],
        "maxLength": 2000,
        "pattern": "^[^\\u0000]*$",
        "x-refusal": "A description has at most 2,000 characters."
      },
      "completed": {
        "type": "boolean",
        "x-refusal": "Completed is true or false."
      },
      "due_on": {
        "type": [
          "string",
          "null"
        ],
        "format": "date",
        "pattern": "^(?!0000)",
        "x-refusal": "A due date is a whole day, like 2027-03-31, or none."
      }
    }
  },
  "Credentials": {
    "type": "object",
    "additionalProperties": false,
    "required": [
      "email",
      "password"
    ],
    "properties": {
      "email": {
        "type": "string",
        "maxLength": 254,
        "pattern": "^[^@\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]+@[^@\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]+$",
        "x-refusal": "An email address looks like name@example.com."
      },
      "password": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": "^[^\\u0000]*$",
        "x-refusal": "Enter a password of 1 to 200 characters."
      }
    }
  }
} as const
