//! Temporary.
use crate::stage::story;

const PROBE: &str = "const done = arguments[0]; const log = []; const t = performance.now();
    const r = indexedDB.open('hallway', 1);
    for (const e of ['success','error','blocked','upgradeneeded']) r.addEventListener(e, () => {
        log.push(e + ' ' + (performance.now() - t));
        if (e == 'success') { const q = r.result.transaction('outbox').objectStore('outbox').getAll(); q.onsuccess = () => log.push('read ' + q.result.length); q.onerror = () => log.push('read failed'); } });
    indexedDB.databases().then(d => log.push(JSON.stringify(d)));
    const w = new WebSocket('ws://' + location.host + '/api/v1/live', 'hallway.v1');
    for (const e of ['open','error','close','message']) w.addEventListener(e, () => log.push('ws ' + e + ' ' + (performance.now() - t)));
    log.push(performance.getEntriesByType('resource').map(e => e.name.slice(22) + ' ' + e.startTime + ' ' + e.responseEnd).join('; '));
    setTimeout(() => done(log), 4000)";

#[tokio::test]
async fn hunt() {
    story("hunt", async |stage| {
        stage.hallway.account("ada").await;
        let room = stage.hallway.room("ada", "general", "", &["ada"]).await;
        stage.hallway.say("ada", room, "hello").await;
        for n in 0..4 {
            let ada = stage.browser(&format!("b{n}")).await;
            ada.sign_in("ada").await;
            for m in 0..25 {
                ada.leave().await;
                ada.client
                    .goto(&format!(
                        "{}/ui/{}",
                        stage.hallway.origin(),
                        if m % 2 == 0 { "room/1" } else { "rooms" }
                    ))
                    .await
                    .unwrap();
                let mut up = false;
                for _ in 0..60 {
                    up = ada.run("return !!document.querySelector('.room-link')", vec![]).await;
                    if up {
                        break;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                if !up {
                    let said = ada.wait_for(PROBE, vec![]).await;
                    eprintln!("{n} {m}: {said:#}");
                    return;
                }
            }
        }
    })
    .await;
}
