// A session of the official JavaScript client: builds a pipeline, connects,
// subscribes, reads statistics and releases. Prints one JSON object.
'use strict';

const kurento = require('kurento-client');

const url = process.argv[2];
const sleepUntil = async (what, done) => {
  const end = Date.now() + 20000;
  while (!done()) {
    if (Date.now() > end) throw new Error('never happened: ' + what);
    await new Promise((go) => setTimeout(go, 20));
  }
};

async function main() {
  const out = { events: {} };
  const count = (name) => (e) => { out.events[name] = (out.events[name] || 0) + 1; out[name] = e; };
  const client = await kurento(url);
  const server = await client.getServerManager();
  await server.on('ObjectCreated', count('ObjectCreated'));
  await server.on('ObjectDestroyed', count('ObjectDestroyed'));
  out.info = await server.getInfo();
  const pipeline = await client.create('MediaPipeline');
  await pipeline.setLatencyStats(true);
  const a = await pipeline.create('WebRtcEndpoint');
  const b = await pipeline.create('WebRtcEndpoint');
  const mix = await pipeline.create('Composite');
  const port = await mix.createHubPort();
  await a.setName('caller');
  await a.addTag('room', '42');
  out.name = await a.getName();
  out.tags = await a.getTags();
  for (const type of ['ElementConnected', 'IceCandidateFound', 'IceGatheringDone', 'IceComponentStateChanged',
    'MediaFlowInStateChanged', 'MediaFlowOutStateChanged', 'MediaStateChanged', 'ConnectionStateChanged']) {
    await a.on(type, count(type));
  }
  b.on('IceCandidateFound', (e) => a.addIceCandidate(e.candidate));
  a.on('IceCandidateFound', (e) => b.addIceCandidate(e.candidate));
  await a.connect(b);
  await b.connect(a);
  await a.connect(port);
  const offer = await a.generateOffer();
  const answer = await b.processOffer(offer);
  await a.processAnswer(answer);
  await a.gatherCandidates();
  await b.gatherCandidates();
  await sleepUntil('media flows', () => out.events.MediaFlowOutStateChanged >= 2 && out.events.MediaFlowInStateChanged >= 2 &&
    out.events.MediaStateChanged >= 1);
  out.sinks = (await a.getSinkConnections()).length;
  out.state = await a.getConnectionState();
  out.flowing = await a.isMediaFlowingIn('VIDEO');
  out.stats = Object.values(await a.getStats()).map((s) => s.type).sort();
  out.audio = Object.values(await a.getStats('AUDIO')).map((s) => s.type).sort();
  out.dot = (await pipeline.getGstreamerDot()).length;
  await new Promise((go) => a.generateOffer((e) => {
    out.refused = e && { code: e.code, message: e.message };
    go();
  }));
  await pipeline.release();
  await sleepUntil('everything is destroyed', () => out.events.ObjectDestroyed >= 5);
  client.close();
  return out;
}

main().then((out) => {
  process.stdout.write(JSON.stringify(out) + '\n', () => process.exit(0));
}, (e) => {
  process.stderr.write((e && e.stack || e) + '\n', () => process.exit(1));
});
