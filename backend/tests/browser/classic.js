// A client of the classic chat as its users wrote them, with fetch, a token and one socket per room.
// It returns a report of all responses and received messages.
const done = arguments[arguments.length - 1];
const report = { statuses: [], received: { ada: [], bob: [] } };

const call = async (method, path, token, body) => {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Token ${token}`;
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  report.statuses.push(`${method} ${path} ${response.status}`);
  return response.status === 204 ? null : response.json();
};

const listen = (room, received) =>
  new Promise((ready, failed) => {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/ws/chat/${room}/`);
    socket.onmessage = event => received.push(JSON.parse(event.data));
    socket.onopen = () => ready(socket);
    socket.onerror = () => failed(new Error('the socket fails to open'));
  });

const waitUntil = async condition => {
  for (let tries = 0; tries < 200 && !condition(); tries++) {
    await new Promise(later => setTimeout(later, 50));
  }
};

const signIn = async name => {
  const account = { username: name, password: 'open sesame, please' };
  report[`registered ${name}`] = await call('POST', '/register/', null, account);
  return call('POST', '/login/', null, account);
};

const run = async () => {
  const ada = await signIn('ada');
  const room = await call('POST', '/rooms/', ada.token, { name: 'Old Hall', topic: 'as ever' });
  await call('POST', `/rooms/${room.id}/join/`, ada.token);
  const adaSocket = await listen(room.id, report.received.ada);
  const bob = await signIn('bob');
  report.again = await call('POST', '/register/', null, { username: 'bob', password: 'whatever else' });
  report.wrong = await call('POST', '/login/', null, { username: 'bob', password: 'wrong' });
  report.rooms = await call('GET', '/rooms/', bob.token);
  report.forbidden = await call('POST', '/rooms/', bob.token, { name: 'Mine', topic: '' });
  report.joined = await call('POST', `/rooms/${room.id}/join/`, bob.token);
  report.room = await call('GET', `/rooms/${room.id}/`, bob.token);
  const bobSocket = await listen(room.id, report.received.bob);
  adaSocket.send(JSON.stringify({ message: 'who is there?', userid: ada.user_id }));
  await waitUntil(() => report.received.bob.length === 1);
  bobSocket.send(JSON.stringify({ message: 'only me' }));
  await waitUntil(() => report.received.ada.length === 2 && report.received.bob.length === 2);
  report.posted = await call('POST', `/messages/create/${room.id}/`, bob.token, { content: 'by post' });
  await waitUntil(() => report.received.ada.length === 3 && report.received.bob.length === 3);
  report.history = await call('GET', `/messages/${room.id}/`, bob.token);
  report.ids = { ada, bob, room: room.id };
};

run().catch(error => { report.error = String(error); }).finally(() => done(report));
