// A client of the classic chat, as its users wrote them: fetch, a token, a socket a room.
const done = arguments[arguments.length - 1];
const report = { statuses: [], heard: { ada: [], bob: [] } };

const call = async (method, path, token, body) => {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Token ${token}`;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  report.statuses.push(`${method} ${path} ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
};

const listen = (room, heard) =>
  new Promise((ready, failed) => {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/ws/chat/${room}/`);
    socket.onmessage = event => heard.push(JSON.parse(event.data));
    socket.onopen = () => ready(socket);
    socket.onerror = () => failed(new Error('the socket does not open'));
  });

const until = async condition => {
  for (let tries = 0; tries < 200 && !condition(); tries++) {
    await new Promise(later => setTimeout(later, 50));
  }
};

const person = async name => {
  const account = { username: name, password: 'open sesame, please' };
  report[`registered ${name}`] = await call('POST', '/register/', null, account);
  return call('POST', '/login/', null, account);
};

const play = async () => {
  const ada = await person('ada');
  const room = await call('POST', '/rooms/', ada.token, { name: 'Old Hall', topic: 'as ever' });
  await call('POST', `/rooms/${room.id}/join/`, ada.token);
  const adas = await listen(room.id, report.heard.ada);
  const bob = await person('bob');
  report.again = await call('POST', '/register/', null, { username: 'bob', password: 'whatever else' });
  report.wrong = await call('POST', '/login/', null, { username: 'bob', password: 'wrong' });
  report.rooms = await call('GET', '/rooms/', bob.token);
  report.forbidden = await call('POST', '/rooms/', bob.token, { name: 'Mine', topic: '' });
  report.joined = await call('POST', `/rooms/${room.id}/join/`, bob.token);
  report.room = await call('GET', `/rooms/${room.id}/`, bob.token);
  const bobs = await listen(room.id, report.heard.bob);
  adas.send(JSON.stringify({ message: 'who is there?', userid: bob.user_id }));
  await until(() => report.heard.bob.length === 1);
  bobs.send(JSON.stringify({ message: 'only me' }));
  await until(() => report.heard.ada.length === 2 && report.heard.bob.length === 2);
  report.posted = await call('POST', `/messages/create/${room.id}/`, bob.token, { content: 'by post' });
  await until(() => report.heard.ada.length === 3 && report.heard.bob.length === 3);
  report.history = await call('GET', `/messages/${room.id}/`, bob.token);
  report.ids = { ada, bob, room: room.id };
};

play().catch(error => { report.error = String(error); }).finally(() => done(report));
