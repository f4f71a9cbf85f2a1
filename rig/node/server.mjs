// A chat as it is often written for Node: the ws library, better-sqlite3, and a group commit of what
// came meanwhile. It speaks as much of the live wire as the rig's crowd needs, asks nobody who they
// are, and finds nothing again unless it is started with "search". Ends when its standard input does.

import { join } from "node:path";
import Database from "better-sqlite3";
import { WebSocketServer } from "ws";

const BATCH = 64;
const db = new Database(join(process.argv[2], "node.sqlite"));
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, room_id INTEGER NOT NULL, seq INTEGER NOT NULL,
    rev INTEGER NOT NULL, user_id INTEGER NOT NULL, client_id BLOB NOT NULL, content TEXT NOT NULL,
    created_at INTEGER NOT NULL);
  CREATE UNIQUE INDEX messages_seq ON messages (room_id, seq);
  CREATE INDEX messages_rev ON messages (room_id, rev);
  CREATE UNIQUE INDEX messages_name ON messages (room_id, user_id, client_id);
  CREATE INDEX messages_created_at ON messages (room_id, created_at, seq);`);
const insert = db.prepare(
  `INSERT INTO messages (room_id, seq, rev, user_id, client_id, content, created_at)
   VALUES (?, ?, ?, 2, ?, ?, ?)`,
);
// What Hallway's index of the same text is: words with their beginnings, and threes of characters.
function indexes() {
  db.exec(`
    CREATE VIRTUAL TABLE words USING fts5
      (text, content = '', columnsize = 0, prefix = '3', tokenize = 'unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE grams USING fts5
      (text, content = '', columnsize = 0, detail = none, tokenize = 'trigram');`);
  const inserts = ["words", "grams"].map((table) =>
    db.prepare(`INSERT INTO ${table} (rowid, text) VALUES (?, ?)`),
  );
  return (id, text) => inserts.forEach((insert) => insert.run(id, text));
}
const index = process.argv[3] === "search" ? indexes() : null;
const write = db.transaction((batch) => {
  for (const { frame, number, now } of batch) {
    const name = Buffer.from(frame.client_id.replaceAll("-", ""), "hex");
    const { content } = frame;
    const row = insert.run(frame.room, number, number, name, content, now.getTime());
    index?.(row.lastInsertRowid, content);
  }
});

const rooms = new Map();
const room = (id) => {
  if (!rooms.has(id)) rooms.set(id, { rev: 0, listeners: [] });
  return rooms.get(id);
};

let waiting = [];
function commit() {
  const batch = waiting.slice(0, BATCH);
  waiting = waiting.slice(BATCH);
  write(batch);
  for (const { socket, frame, number, now } of batch) {
    const message = {
      id: number, room: frame.room, seq: number, rev: number,
      user: { id: 2, username: "rig-1a2b3c4d-speaker" }, content: frame.content,
      client_id: frame.client_id, reply_to: null, created_at: now.toISOString(),
      edited_at: null, deleted_at: null,
    };
    const told = Buffer.from(
      JSON.stringify({ type: "message", room: frame.room, rev: number, message }),
    );
    socket.send(JSON.stringify({ type: "ack", client_id: frame.client_id, message }));
    for (const listener of room(frame.room).listeners) listener.send(told, { binary: false });
  }
  if (waiting.length > 0) setImmediate(commit);
}

function obey(socket, frame) {
  if (frame.type === "subscribe") {
    const { rev, listeners } = room(frame.room);
    listeners.push(socket);
    socket.send(JSON.stringify({ type: "subscribed", room: frame.room, rev }));
  } else if (frame.type === "send") {
    if (waiting.length === 0) setImmediate(commit);
    waiting.push({ socket, frame, number: ++room(frame.room).rev, now: new Date() });
  }
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (text) => obey(socket, JSON.parse(text)));
  socket.on("close", () => {
    for (const { listeners } of rooms.values()) {
      const at = listeners.indexOf(socket);
      if (at >= 0) listeners.splice(at, 1);
    }
  });
  socket.on("error", () => {});
  socket.send('{"type":"welcome"}');
});
server.on("listening", () => {
  console.log(`Node is at http://127.0.0.1:${server.address().port}`);
});
process.stdin.on("end", () => process.exit(0)).resume();
