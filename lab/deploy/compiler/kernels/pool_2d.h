/* The rows or columns of a pool's window that lie inside: from first up to end. */
struct span {
    int32_t first, end;
};

INLINE struct span inside(int32_t corner, int32_t len, int32_t limit) {
    return (struct span){corner < 0 ? 0 : corner, corner + len > limit ? limit : corner + len};
}
