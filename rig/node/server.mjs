// A chat server for Node with common libraries (ws and better-sqlite3) and a group commit of concurrent
// messages. It supports the part of the live protocol that the load generator uses, without
// authentication. Usage: node server.mjs DIRECTORY PORT [search]; "search" adds search indexes.

import { join } from "node:path";
import Database from "better-sqlite3";
import { WebSocketServer } from "ws";

const [directory, port, mode] = process.argv.slice(2);
const BATCH = 64;
const db = new Database(join(directory, "node.sqlite"));
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, room_id INTEGER NOT NULL, seq INTEGER NOT NULL,
    rev INTEGER NOT NULL, user_id INTEGER NOT NULL, client_id BLOB NOT NULL, content TEXT NOT NULL,
    created_at INTEGER NOT NULL);
  CREATE UNIQUE INDEX messages_seq ON messages (room_id, seq);
  CREATE INDEX messages_rev ON messages (room_id, rev);
  CREATE UNIQUE INDEX messages_client_id ON messages (room_id, user_id, client_id);
  CREATE INDEX messages_created_at ON messages (room_id, created_at, seq);`);
const insert = db.prepare(
  `INSERT INTO messages (room_id, seq, rev, user_id, client_id, content, created_at)
   VALUES (?, ?, ?, 2, ?, ?, ?)`,
);
// The same kinds of indexes that Hallway has: words with their prefixes, and trigrams.
function createIndexes() {
  db.exec(`
    CREATE VIRTUAL TABLE words USING fts5
      (text, content = '', columnsize = 0, prefix = '3', tokenize = 'unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE trigrams USING fts5
      (text, content = '', columnsize = 0, detail = none, tokenize = 'trigram');`);
  const inserts = ["words", "trigrams"].map((table) =>
    db.prepare(`INSERT INTO ${table} (rowid, text) VALUES (?, ?)`),
  );
  return (id, text) => inserts.forEach((insert) => insert.run(id, text));
}
const index = mode === "search" ? createIndexes() : null;
const write = db.transaction((batch) => {
  for (const { frame, number, now } of batch) {
    const clientId = Buffer.from(frame.client_id.replaceAll("-", ""), "hex");
    const { content } = frame;
    const row = insert.run(frame.room, number, number, clientId, content, now.getTime());
    index?.(row.lastInsertRowid, content);
  }
});

const rooms = new Map();
const room = (id) => {
  if (!rooms.has(id)) rooms.set(id, { rev: 0, subscribers: [] });
  return rooms.get(id);
};

let queue = [];
function commit() {
  const batch = queue.slice(0, BATCH);
  queue = queue.slice(BATCH);
  write(batch);
  for (const { socket, frame, number, now } of batch) {
    const message = {
      id: number, room: frame.room, seq: number, rev: number,
      user: { id: 2, username: "rig-1a2b3c4d-sender" }, content: frame.content,
      client_id: frame.client_id, reply_to: null, created_at: now.toISOString(),
      edited_at: null, deleted_at: null,
    };
    const change = Buffer.from(
      JSON.stringify({ type: "message", room: frame.room, rev: number, message }),
    );
    socket.send(JSON.stringify({ type: "ack", client_id: frame.client_id, message }));
    for (const subscriber of room(frame.room).subscribers) {
      subscriber.send(change, { binary: false });
    }
  }
  if (queue.length > 0) setImmediate(commit);
}

function handle(socket, frame) {
  if (frame.type === "subscribe") {
    const { rev, subscribers } = room(frame.room);
    subscribers.push(socket);
    socket.send(JSON.stringify({ type: "subscribed", room: frame.room, rev }));
  } else if (frame.type === "send") {
    if (queue.length === 0) setImmediate(commit);
    queue.push({ socket, frame, number: ++room(frame.room).rev, now: new Date() });
  }
}

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(port),
  perMessageDeflate: false,
});
server.on("connection", (socket) => {
  socket.on("message", (text) => handle(socket, JSON.parse(text)));
  socket.on("close", () => {
    for (const { subscribers } of rooms.values()) {
      const at = subscribers.indexOf(socket);
      if (at >= 0) subscribers.splice(at, 1);
    }
  });
  socket.on("error", () => {});
  socket.send('{"type":"welcome"}');
});
