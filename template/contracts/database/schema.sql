-- Made from database/migrations by `make generate`: what every migration together makes.

CREATE TABLE accounts (
    id CHAR(32) NOT NULL,
    email VARCHAR(254) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_accounts_email_length CHECK (length(email) <= 254),
    CONSTRAINT ck_accounts_password_hash_length CHECK (length(password_hash) <= 255),
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT uq_accounts_email UNIQUE (email)
);

CREATE TABLE sessions (
    token_hash VARCHAR(64) NOT NULL,
    account_id CHAR(32) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    CONSTRAINT ck_sessions_token_hash_length CHECK (length(token_hash) = 64),
    CONSTRAINT fk_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT pk_sessions PRIMARY KEY (token_hash)
);

CREATE TABLE sign_in_failures (
    id INTEGER NOT NULL,
    email TEXT NOT NULL,
    failed_at DATETIME NOT NULL,
    CONSTRAINT pk_sign_in_failures PRIMARY KEY (id)
);

CREATE TABLE todos (
    id CHAR(32) NOT NULL,
    account_id CHAR(32) NOT NULL,
    title VARCHAR(200) NOT NULL,
    description VARCHAR(2000),
    completed BOOLEAN DEFAULT 0 NOT NULL,
    due_on DATE,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT ck_todos_description_length CHECK (length(description) <= 2000),
    CONSTRAINT ck_todos_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT ck_todos_version_positive CHECK (version >= 1),
    CONSTRAINT fk_todos_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT pk_todos PRIMARY KEY (id)
);

CREATE INDEX ix_sessions_account_id ON sessions (account_id);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sign_in_failures_email_failed_at ON sign_in_failures (email, failed_at);
CREATE INDEX ix_sign_in_failures_failed_at ON sign_in_failures (failed_at);
CREATE INDEX ix_todos_account_id_completed_created_at_id ON todos (account_id, completed, created_at, id);
CREATE INDEX ix_todos_account_id_created_at_id ON todos (account_id, created_at, id);
