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
  bytes INTEGER NOT NULL DEFAULT 0,
  terms TEXT NOT NULL DEFAULT '[]',
  status_code INTEGER AS (CASE status WHEN 'queued' THEN 0 WHEN 'pinning' THEN 1 WHEN 'pinned' THEN 2 WHEN 'failed' THEN 3 END)
) STRICT;
CREATE INDEX pin_queue ON pin (owner, created) WHERE status = 'queued';

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

CREATE TABLE pin_term (
  owner INTEGER NOT NULL,
  term INTEGER NOT NULL,
  status INTEGER NOT NULL,
  pin INTEGER NOT NULL,
  PRIMARY KEY (owner, term, status, pin)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER pin_terms_added AFTER INSERT ON pin BEGIN
  INSERT INTO pin_term SELECT new.owner, value, new.status_code, new.created FROM json_each(new.terms);
END;
CREATE TRIGGER pin_terms_moved AFTER UPDATE OF status ON pin WHEN new.status <> old.status BEGIN
  UPDATE pin_term SET status = new.status_code
    WHERE owner = new.owner AND term IN (SELECT value FROM json_each(new.terms)) AND status = old.status_code
    AND pin = new.created;
END;
CREATE TRIGGER pin_terms_removed AFTER DELETE ON pin BEGIN
  DELETE FROM pin_term
    WHERE owner = old.owner AND term IN (SELECT value FROM json_each(old.terms)) AND status = old.status_code
    AND pin = old.created;
END;

CREATE VIRTUAL TABLE pin_name USING fts5(
  grams, content='', contentless_delete=1, tokenize='ascii', prefix='4 8'
);
CREATE INDEX pin_text ON pin (created, owner, status_code, name, name_fold);
