CREATE TABLE write (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'unknown', 'done')),
  write TEXT NOT NULL,
  before TEXT NOT NULL,
  request_id TEXT,
  result TEXT,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX write_by_age ON write (started_at);
CREATE INDEX write_unfinished ON write (tenant, started_at) WHERE state <> 'done';
CREATE INDEX write_by_result ON write (tenant, request_id) WHERE request_id IS NOT NULL;

INSERT INTO write VALUES
  ('one:hash', 'key', 'f1', 'op', 1700000000000, 'pending', '{"pin":{"cid":"bafybeieo5clrcmymdthttixgllisxpl56sskf3ufp5j3jar7ad7mw66ski","name":"ünïcode","origins":["/dns4/a/tcp/1/p2p/x"],"meta":{}},"replaces":null}', 'null', NULL, NULL),
  ('one:hash', 'done', 'f1', 'op', 1700000000001, 'done', '{"pin":{"cid":"bafybeieo5clrcmymdthttixgllisxpl56sskf3ufp5j3jar7ad7mw66ski","name":"ünïcode","origins":["/dns4/a/tcp/1/p2p/x"],"meta":{}},"replaces":null}', 'null', 'r1', '{"service":"one","requestId":"r1","status":"queued","cid":"bafybeieo5clrcmymdthttixgllisxpl56sskf3ufp5j3jar7ad7mw66ski","name":null,"created":"2026-01-31T12:00:00.123456789+02:00","origins":[],"meta":{"a":"1"},"delegates":["/dns4/d/tcp/1/p2p/x"],"info":{"size":"1"},"operationId":"op"}');
