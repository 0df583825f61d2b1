/** The raw lines: searched, paused, downloaded. */

const SHOWN = 200;

export class RawView {
  constructor(root, log, history) {
    Object.assign(this, { root, log, history, isStale: true, frozen: null });
    this.place = root.querySelector('.raw pre');
    this.search = root.querySelector('.raw input');
    this.details = root.querySelector('.raw');
    const pause = root.querySelector('.pause');
    this.search.oninput = this.details.ontoggle = () => (this.isStale = true);
    pause.onclick = () => {
      this.frozen = this.frozen ? null : this.log.copy();
      pause.setAttribute('aria-pressed', String(this.frozen !== null));
      pause.textContent = this.frozen ? 'Go on' : 'Pause';
      this.isStale = true;
    };
    root.querySelector('.save-log').onclick = () => save('board.txt', [this.log.text()]);
    root.querySelector('.save-csv').onclick = () => save('board.csv', [...this.history.rows()]);
  }

  show() {
    if (!this.isStale || !this.details.open) return;
    this.isStale = false;
    const isAtEnd = this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < 30;
    this.place.textContent = (this.frozen ?? this.log).find(this.search.value, SHOWN).join('\n');
    if (isAtEnd) this.place.scrollTop = this.place.scrollHeight;
  }
}

function save(name, parts) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts, { type: 'text/plain' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
