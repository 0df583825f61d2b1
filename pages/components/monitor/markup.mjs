/** The monitor's fixed markup. Nothing that a board says ever goes in here: that is text. */

export const SPANS = { '10 s': 10, '1 min': 60, '10 min': 600, '1 h': 3600 };
const spans = Object.entries(SPANS)
  .map(([name, seconds]) => `<button type="button" data-span="${seconds}" aria-pressed="${seconds === 60}">${name}</button>`)
  .join('');

export const MARKUP = `
<div class="head">
  <button type="button" class="connect main">Connect a board</button>
  <p class="state" role="status"></p>
</div>
<p class="problem" role="alert"></p>
<dl class="tiles">
  <div class="lit"><dt>Probability</dt><dd><i class="led" aria-hidden="true"></i><b class="chance">–</b></dd><small class="verdict"></small></div>
  <div><dt>Level</dt><dd><b class="level">–</b></dd><small class="meter"><i></i></small></div>
  <div><dt>Work of a hop</dt><dd><b class="work">–</b></dd><small class="of">of 32 ms</small></div>
  <div><dt>Overruns</dt><dd><b class="overruns">–</b></dd><small class="rate"></small></div>
</dl>
<div class="picture">
  <div class="spans" role="group" aria-label="Time shown">${spans}</div>
  <canvas role="img" aria-label="Probability, events, level and light over time, newest at the right"></canvas>
  <p class="legend"><span class="ours">board</span><span class="theirs">its twin in this page</span><span class="limit">threshold</span><span class="happened">event</span></p>
</div>
<p class="beside"></p>
<div class="stages" aria-label="Cycles of a hop by stage"><div class="bar"><i class="pdm"></i><i class="features"></i><i class="model"></i><i class="telling"></i></div>
  <p><span class="pdm">filter <b></b></span><span class="features">features <b></b></span><span class="model">model <b></b></span><span class="telling">telling <b></b></span></p></div>
<div class="halves">
  <section class="events"><h4>Events <span class="count"></span></h4><ol></ol><p class="none">None yet.</p></section>
  <section class="settings"><h4>Settings on the board</h4>
    <form class="threshold"><label>Threshold <input type="range" min="0" max="0.996" step="0.004" value="0.5"><output>0.50</output></label><button>Set</button></form>
    <form class="rule"><label>Event rule <select></select></label>
      <label>of <input name="window_hops" type="number" min="1" max="512" aria-label="hops looked back on"> hops</label>
      <label>on <input name="on_hops" type="number" min="1" max="512" aria-label="hops that start an event"></label>
      <label>off <input name="off_hops" type="number" min="1" max="512" aria-label="hops that keep an event"></label>
      <label>hold off <input name="hold_off_hops" type="number" min="0" max="3750" aria-label="hops without a new event"></label><button>Set</button></form>
    <p class="buttons"><label>Light <select class="light"><option value="probability">probability</option><option value="event">event</option></select></label>
      <button type="button" data-ask="keep">Keep in flash</button><button type="button" data-ask="defaults">As compiled</button><button type="button" data-ask="boot">To boot mode</button></p>
    <p class="answer" role="status"></p>
  </section>
</div>
<details class="raw"><summary>Raw lines</summary>
  <p class="buttons"><input type="search" placeholder="Search" aria-label="Search the lines"><button type="button" class="pause" aria-pressed="false">Pause</button>
    <button type="button" class="save-log">Download lines</button><button type="button" class="save-csv">Download the hour (.csv)</button></p>
  <pre tabindex="0"></pre>
</details>`;
