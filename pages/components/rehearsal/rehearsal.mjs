/** What this browser gives to a page of this address: told to the page as rows of {what, ok, found, fix}. */

const CHROME = 'Use Chrome, Edge or Opera on a computer.';
const SECURE = 'Open the lab by https (trust its certificate first) or on this very machine by http://localhost.';

/** @returns {Promise<{what: string, ok: boolean | null, found: string, fix: string}[]>} */
export async function look(view = globalThis) {
  const { navigator } = view;
  const secure = Boolean(view.isSecureContext);
  const row = (what, ok, found, fix) => ({ what, ok, found, fix: ok ? '' : fix });
  const devices = navigator.mediaDevices ? await navigator.mediaDevices.enumerateDevices().catch(() => []) : [];
  const ears = devices.filter((each) => each.kind === 'audioinput').length;
  return [
    row('Secure context', secure, `${view.location.protocol}//${view.location.host}`, SECURE),
    row('Microphone may be asked for', Boolean(navigator.mediaDevices?.getUserMedia), secure ? '' : 'only in a secure context', SECURE),
    row('A microphone is there', ears > 0, `${ears} found`, 'Plug one in; on Linux look at the sound settings.'),
    row('WebRTC', typeof view.RTCPeerConnection === 'function', '', 'Allow WebRTC in this browser, or use another one.'),
    row('WebUSB, to flash boards', Boolean(navigator.usb), '', secure ? `${CHROME} Or drag the .uf2 onto the board’s drive.` : SECURE),
    row('Web Serial, to watch boards', Boolean(navigator.serial), '', secure ? CHROME : SECURE),
    row('WebAssembly and Workers, for the virtual board', typeof view.WebAssembly === 'object' && typeof view.Worker === 'function', '', 'Use a current browser.'),
  ];
}

export default function rehearsal({ parentElement, setStateValue }) {
  const root = parentElement.querySelector('.seen');
  if (root.dataset.looked) return;
  root.dataset.looked = '1';
  look().then((rows) => setStateValue('found', rows));
}
