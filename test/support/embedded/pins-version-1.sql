CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE token (
  hash BLOB PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES owner (id),
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pin (
  created INTEGER PRIMARY KEY AUTOINCREMENT,
  requestid TEXT NOT NULL UNIQUE,
  owner INTEGER NOT NULL REFERENCES owner (id),
  status TEXT NOT NULL CHECK (status IN ('queued', 'pinning', 'pinned', 'failed')),
  cid TEXT NOT NULL,
  cid_key TEXT NOT NULL,
  name TEXT,
  name_fold TEXT,
  origins TEXT NOT NULL,
  meta TEXT NOT NULL,
  info TEXT NOT NULL DEFAULT '{}',
  blocks INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX pin_by_owner ON pin (owner, created, status);
CREATE INDEX pin_by_status ON pin (owner, status, created);
CREATE INDEX pin_by_name ON pin (owner, name, created, status);
CREATE INDEX pin_by_folded_name ON pin (owner, name_fold, created, status);
CREATE INDEX pin_by_cid ON pin (owner, cid_key, created, status);
CREATE INDEX pin_queue ON pin (owner, created) WHERE status = 'queued';

CREATE TABLE pin_meta (
  owner INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  pin INTEGER NOT NULL,
  PRIMARY KEY (owner, key, value, pin)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE pin_name USING fts5 (
  name_fold, content='', contentless_delete=1, tokenize='trigram case_sensitive 1'
);

CREATE TABLE block (
  id INTEGER PRIMARY KEY,
  multihash BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE pin_block (
  pin INTEGER NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (pin, block)
) STRICT, WITHOUT ROWID;
CREATE INDEX pin_block_by_block ON pin_block (block);

CREATE TABLE garbage (pin INTEGER PRIMARY KEY, holder INTEGER) STRICT;

CREATE TABLE usage (
  owner INTEGER NOT NULL,
  status TEXT NOT NULL,
  pins INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (owner, status)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER pin_added AFTER INSERT ON pin BEGIN
  INSERT INTO usage VALUES (new.owner, new.status, 1, new.bytes)
    ON CONFLICT DO UPDATE SET pins = pins + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER pin_changed AFTER UPDATE OF status, bytes ON pin BEGIN
  UPDATE usage SET pins = pins - 1, bytes = bytes - old.bytes WHERE owner = old.owner AND status = old.status;
  INSERT INTO usage VALUES (new.owner, new.status, 1, new.bytes)
    ON CONFLICT DO UPDATE SET pins = pins + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER pin_removed AFTER DELETE ON pin BEGIN
  UPDATE usage SET pins = pins - 1, bytes = bytes - old.bytes WHERE owner = old.owner AND status = old.status;
END;
PRAGMA user_version = 1;
