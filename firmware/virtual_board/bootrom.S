@ A stand-in for the RP2040's boot ROM, written for the virtual board: where the
@ SDK looks things up, and the few functions that its runtime calls. Erasing and
@ programming are the board's (breakpoints 2 and 3); the time they take passes here.
@
@ bootrom.mjs holds these words. To make them again:
@   arm-none-eabi-as -mcpu=cortex-m0plus bootrom.S -o bootrom.o
@   arm-none-eabi-objcopy -O binary bootrom.o bootrom.bin
  .syntax unified
  .thumb
  .org 0
  .word 0x20042000, halt + 1, halt + 1, halt + 1
  .byte 'M', 'u', 1, 2
  .hword functions, functions_end - 2
  .hword lookup + 1
  .balign 4

functions:
  .ascii "P3"
  .hword popcount + 1
  .ascii "R3"
  .hword reverse + 1
  .ascii "L3"
  .hword leading + 1
  .ascii "T3"
  .hword trailing + 1
  .ascii "MS"
  .hword fill + 1
  .ascii "S4"
  .hword fill + 1
  .ascii "MC"
  .hword copy + 1
  .ascii "C4"
  .hword copy + 1
  .ascii "IF"
  .hword nothing + 1
  .ascii "EX"
  .hword nothing + 1
  .ascii "RE"
  .hword erase + 1
  .ascii "RP"
  .hword program + 1
  .ascii "FC"
  .hword nothing + 1
  .ascii "CX"
  .hword nothing + 1
  .ascii "UB"
  .hword to_boot_mode + 1
functions_end:
  .hword 0
  .balign 4

lookup: @ r0 table, r1 code of two letters
  ldrh r2, [r0]
  cmp r2, #0
  beq 2f
  cmp r2, r1
  beq 1f
  adds r0, #4
  b lookup
1:
  ldrh r0, [r0, #2]
  bx lr
2:
  movs r0, #0
  bx lr

popcount:
  movs r1, #0
1:
  cmp r0, #0
  beq 2f
  subs r2, r0, #1
  ands r0, r2
  adds r1, #1
  b 1b
2:
  mov r0, r1
  bx lr

reverse:
  movs r1, #0
  movs r2, #32
1:
  adds r1, r1
  lsrs r0, r0, #1
  bcc 2f
  adds r1, #1
2:
  subs r2, #1
  bne 1b
  mov r0, r1
  bx lr

leading:
  movs r1, #32
1:
  cmp r0, #0
  beq 2f
  lsrs r0, r0, #1
  subs r1, #1
  b 1b
2:
  mov r0, r1
  bx lr

trailing:
  movs r1, #32
1:
  cmp r0, #0
  beq 2f
  lsls r0, r0, #1
  subs r1, #1
  b 1b
2:
  mov r0, r1
  bx lr

fill: @ r0 where, r1 byte, r2 count; gives r0 back
  push {r0, lr}
1:
  subs r2, #1
  bcc 2f
  strb r1, [r0]
  adds r0, #1
  b 1b
2:
  pop {r0, pc}

copy: @ r0 to, r1 from, r2 count; gives r0 back
  push {r0, r4, r5, r6, lr}
  mov r3, r0
  orrs r3, r1
  lsls r3, r3, #30
  bne 2f
1: @ sixteen bytes at a time where both are aligned
  subs r2, #16
  bcc 3f
  ldmia r1!, {r3, r4, r5, r6}
  stmia r0!, {r3, r4, r5, r6}
  b 1b
3:
  adds r2, #16
2:
  subs r2, #1
  bcc 4f
  ldrb r3, [r1]
  strb r3, [r0]
  adds r0, #1
  adds r1, #1
  b 2b
4:
  pop {r0, r4, r5, r6, pc}

nothing:
  bx lr

erase: @ r0 offset, r1 count
  bkpt #2
  b pass

program: @ r0 offset, r1 from, r2 count
  bkpt #3
pass: @ r0 microseconds, which the board left
  ldr r1, timer
  ldr r2, [r1]
1:
  ldr r3, [r1]
  subs r3, r2
  cmp r3, r0
  bcc 1b
  bx lr
  .balign 4
timer:
  .word 0x40054028

to_boot_mode: @ tells the board (breakpoint 1), then stops
  bkpt #1
halt:
  b halt
