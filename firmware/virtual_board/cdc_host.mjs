/**
 * The other end of the board's USB cable: enumerates it, opens its serial line
 * and reads. Reads towards the board wait until there is something to send, as
 * a real host's do.
 */

import { createSetupPacket, getDescriptorPacket, setDeviceAddressPacket, setDeviceConfigurationPacket } from 'rp2040js';

const CONFIGURATION = 2;
const INTERFACE = 4;
const ENDPOINT = 5;
const CDC_DATA_CLASS = 10;
const HEADER_BYTES = 9;
const SET_LINE_CODING = 0x20;
const SET_CONTROL_LINE_STATE = 0x22;
const DTR_AND_RTS = 3;

/** @param {{bRequest: number, wValue?: number, wLength?: number}} request to the board's serial interface */
function toSerialInterface({ bRequest, wValue = 0, wLength = 0 }) {
  return createSetupPacket({ dataDirection: 0, type: 1, recipient: 1, bRequest, wValue, wIndex: 0, wLength });
}

/**
 * Return the bulk endpoints of the serial data interface.
 * @param {number[]} descriptors the whole configuration descriptor
 */
export function serialEndpoints(descriptors) {
  const found = { in: -1, out: -1 };
  let isData = false;
  for (let at = 0; at + 1 < descriptors.length && descriptors[at] >= 2; at += descriptors[at]) {
    const type = descriptors[at + 1];
    if (type === INTERFACE) isData = descriptors[at + 5] === CDC_DATA_CLASS;
    if (type === ENDPOINT && isData) {
      const address = descriptors[at + 2];
      found[address & 0x80 ? 'in' : 'out'] = address & 0xf;
    }
  }
  return found;
}

export class CdcHost {
  /**
   * @param {object} usb the board's USB controller
   * @param {(bytes: Uint8Array) => void} onData what the board sends
   */
  constructor(usb, onData) {
    this.usb = usb;
    this.onData = onData;
    this.endpoints = { in: -1, out: -1 };
    this.descriptors = [];
    this.toSend = [];
    this.roomBytes = 0;
    this.lineCoding = null;
    this.steps = null;
    usb.onUSBEnabled = () => usb.resetDevice();
    usb.onResetReceived = () => this.#begin();
    usb.onEndpointWrite = (endpoint, bytes) => this.#received(endpoint, bytes);
    usb.onEndpointRead = (endpoint, size) => this.#asked(endpoint, size);
  }

  /** Each setup packet waits for the board's answer to the one before. */
  #begin() {
    this.descriptors = [];
    this.wanted = HEADER_BYTES;
    this.steps = [
      () => this.usb.sendSetupPacket(setDeviceAddressPacket(1)),
      () => this.#askConfiguration(HEADER_BYTES),
      () => this.#askConfiguration(this.descriptors[2] | (this.descriptors[3] << 8)),
      () => this.#configure(),
      () => this.usb.sendSetupPacket(toSerialInterface({ bRequest: SET_CONTROL_LINE_STATE, wValue: DTR_AND_RTS })),
    ];
    this.steps.shift()();
  }

  #askConfiguration(length) {
    this.descriptors = [];
    this.wanted = length;
    this.usb.sendSetupPacket(getDescriptorPacket(CONFIGURATION, length));
  }

  #configure() {
    this.endpoints = serialEndpoints(this.descriptors);
    this.wanted = 0;
    this.usb.sendSetupPacket(setDeviceConfigurationPacket(1));
  }

  #received(endpoint, bytes) {
    if (endpoint === 0) {
      this.descriptors.push(...bytes);
      const isWhole = bytes.length === 0 || this.descriptors.length >= this.wanted;
      if (isWhole && this.steps?.length) this.steps.shift()();
    } else if (endpoint === this.endpoints.in && bytes.length) {
      this.onData(bytes);
    }
  }

  #asked(endpoint, size) {
    if (endpoint === 0 && this.lineCoding && size >= this.lineCoding.length) {
      this.usb.endpointReadDone(0, this.lineCoding);
      this.lineCoding = null;
    } else if (endpoint === this.endpoints.out) {
      this.roomBytes = size;
      this.#deliver();
    }
  }

  #deliver() {
    if (!this.roomBytes || !this.toSend.length) return;
    const bytes = Uint8Array.from(this.toSend.splice(0, this.roomBytes));
    this.roomBytes = 0;
    this.usb.endpointReadDone(this.endpoints.out, bytes);
  }

  /** @param {Uint8Array} bytes for the board's serial input */
  send(bytes) {
    this.toSend.push(...bytes);
    this.#deliver();
  }

  /** Set the speed of the line; at 1200 baud the board goes to boot mode. @param {number} baud */
  setBaud(baud) {
    this.lineCoding = Uint8Array.from([baud, baud >> 8, baud >> 16, baud >> 24, 0, 0, 8]);
    this.usb.sendSetupPacket(toSerialInterface({ bRequest: SET_LINE_CODING, wLength: this.lineCoding.length }));
  }
}
