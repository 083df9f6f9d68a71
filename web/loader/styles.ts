/** How the launcher and the panel look: beside the page's text, above all else, full screen on a phone. */

export const styles = `
:host { all: initial; position: fixed; bottom: 20px; inset-inline-end: 20px; z-index: 2147483000; --color: #2563eb; --ink: #fff }
:host(.start) { inset-inline: 20px auto }
button { all: unset; position: relative; display: grid; place-items: center; width: 56px; height: 56px; border-radius: 50%; cursor: pointer; color: var(--ink); background: var(--color); box-shadow: 0 4px 16px #0005 }
button:focus-visible { outline: 3px solid var(--color); outline-offset: 3px; box-shadow: 0 0 0 3px #fff }
i { width: 26px; height: 26px; background: currentColor; clip-path: path("M5 2h16a4 4 0 0 1 4 4v10a4 4 0 0 1-4 4h-9l-7 5.5V20a4 4 0 0 1-4-4V6a4 4 0 0 1 4-4z") }
:host(.open) i { width: 18px; height: 18px; clip-path: polygon(11% 0, 50% 39%, 89% 0, 100% 11%, 61% 50%, 100% 89%, 89% 100%, 50% 61%, 11% 100%, 0 89%, 39% 50%, 0 11%) }
span { position: absolute; top: -4px; right: -4px; min-width: 12px; padding: 0 5px; border-radius: 11px; font: bold 13px/22px system-ui; text-align: center; color: #fff; background: #c81e1e }
#panel { position: absolute; bottom: 72px; inset-inline-end: 0; width: 384px; height: min(640px, 100vh - 112px); border-radius: 16px; overflow: hidden; background: Canvas; color-scheme: light dark; box-shadow: 0 4px 48px #0005 }
:host(.start) #panel { inset-inline: 0 auto }
iframe { width: 100%; height: 100%; border: 0 }
[hidden], :host(.away) button { display: none !important }
@media (max-width: 480px) {
  #panel { position: fixed; inset: 0 !important; width: auto; height: auto; border-radius: 0 }
  :host(.open.ready) button { display: none }
}
@media (prefers-reduced-motion: no-preference) {
  #panel { animation: up .2s }
  @keyframes up { from { opacity: 0; transform: translateY(12px) } }
}
@media (forced-colors: active) { button { border: 2px solid } i { background: ButtonText } }
@media print { :host { display: none } }
`;
