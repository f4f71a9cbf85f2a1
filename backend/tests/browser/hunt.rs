//! Temporary.
use crate::stage::story;
use std::time::Instant;

#[tokio::test]
async fn hunt() {
    story("hunt", async |stage| {
        stage.hallway.account("ada").await;
        let room = stage.hallway.room("ada", "general", "", &["ada"]).await;
        stage.hallway.say("ada", room, "hello").await;
        let ada = stage.browser("ada").await;
        ada.sign_in("ada").await;
        eprintln!("signed in {}", ada.title().await);
        for n in 0..120 {
            ada.leave().await;
            let began = Instant::now();
            ada.client.goto(&format!("{}/ui/{}", stage.hallway.origin(), if n % 2 == 0 { "room/1" } else { "rooms" })).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
            let up: bool = ada.run("return !!document.querySelector('.room-link')", vec![]).await;
            if !up {
                let said = ada.wait_for("const done = arguments[0]; const log = []; const t = performance.now();
                    const r = indexedDB.open('hallway', 1); for (const e of ['success','error','blocked','upgradeneeded']) r.addEventListener(e, () => log.push(e + ' ' + (performance.now() - t)));
                    indexedDB.databases().then(d => log.push(JSON.stringify(d)));
                    log.push(performance.getEntriesByType('resource').map(e => e.name + ' ' + e.startTime + ' ' + e.responseEnd).join('; '));
                    setTimeout(() => done(log), 6000)", vec![]).await;
                eprintln!("{n}: {said:#}");
            }
            ada.until("up", "document.querySelector('.room-link')").await;
            let took = began.elapsed();
            if took.as_millis() > 1500 { eprintln!("{n}: {took:?}"); }
        }
    })
    .await;
}
