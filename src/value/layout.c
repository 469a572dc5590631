/* SPDX-License-Identifier: Apache-2.0 */
/* After D. C. Oppen, "Prettyprinting", ACM TOPLAS 2(4), 1980: first every group and break learns how wide it is, then
 * lines are broken where it does not fit. */
#include "value/layout.h"
#include "value/text.h"

typedef enum token_kind { TOKEN_PIECE, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_BREAK } token_kind;

struct coffer_layout_token {
        uint8_t kind;
        uint8_t style;
        uint8_t columns; /* indentation of a group, or spaces of a break */
        bool outdent;
        uint32_t width; /* of a piece; of a group on one line; from a break to the next one in its group */
        size_t end;     /* of a piece in the text */
};

static coffer_status add(coffer_layout *layout, struct coffer_layout_token token, coffer_error *error)
{
        if (layout->count == layout->capacity) {
                size_t capacity = layout->capacity ? layout->capacity * 2 : 64;
                struct coffer_layout_token *tokens = coffer_realloc_array(layout->tokens, capacity, sizeof(*tokens));
                if (!tokens)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
                layout->tokens = tokens;
                layout->capacity = capacity;
        }
        token.end = layout->text.size_bytes;
        layout->tokens[layout->count++] = token;
        return COFFER_OK;
}

static size_t text_before(const coffer_layout *layout, size_t index)
{
        return index ? layout->tokens[index - 1].end : 0;
}

static coffer_cursor piece_text(const coffer_layout *layout, size_t index)
{
        size_t start = text_before(layout, index);
        return coffer_cursor_of(layout->text.data + start, layout->tokens[index].end - start);
}

coffer_status coffer_layout_piece(coffer_layout *layout, coffer_error *error)
{
        if (layout->text.size_bytes == text_before(layout, layout->count))
                return COFFER_OK;
        COFFER_TRY(add(layout, (struct coffer_layout_token){.kind = TOKEN_PIECE}, error));
        size_t columns = coffer_text_length(piece_text(layout, layout->count - 1));
        layout->tokens[layout->count - 1].width = columns < UINT16_MAX ? (uint32_t)columns : UINT16_MAX;
        return COFFER_OK;
}

coffer_status coffer_layout_open(coffer_layout *layout, coffer_layout_style style, unsigned indent, coffer_error *error)
{
        COFFER_TRY(coffer_layout_piece(layout, error));
        return add(
                layout,
                (struct coffer_layout_token){.kind = TOKEN_OPEN, .style = (uint8_t)style, .columns = (uint8_t)indent},
                error);
}

coffer_status coffer_layout_close(coffer_layout *layout, coffer_error *error)
{
        COFFER_TRY(coffer_layout_piece(layout, error));
        return add(layout, (struct coffer_layout_token){.kind = TOKEN_CLOSE}, error);
}

coffer_status coffer_layout_break(coffer_layout *layout, unsigned spaces, bool outdent, coffer_error *error)
{
        COFFER_TRY(coffer_layout_piece(layout, error));
        return add(layout,
                   (struct coffer_layout_token){.kind = TOKEN_BREAK, .columns = (uint8_t)spaces, .outdent = outdent},
                   error);
}

/* ---- widths ---- */

/* An open group and its latest break, by their tokens, and the column at which they stand when all is on one line. */
typedef struct pending {
        size_t group;
        uint64_t group_column;
        size_t last_break; /* SIZE_MAX: none yet */
        uint64_t break_column;
} pending;

typedef struct pending_stack {
        pending *items;
        size_t count;
        size_t capacity;
} pending_stack;

static void pending_stack_done(pending_stack *stack)
{
        coffer_free(stack->items);
}

static coffer_status push_pending(pending_stack *stack, pending item, coffer_error *error)
{
        if (stack->count == stack->capacity) {
                size_t capacity = stack->capacity ? stack->capacity * 2 : 16;
                pending *items = coffer_realloc_array(stack->items, capacity, sizeof(*items));
                if (!items)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
                stack->items = items;
                stack->capacity = capacity;
        }
        stack->items[stack->count++] = item;
        return COFFER_OK;
}

static uint32_t width_between(uint64_t from, uint64_t to)
{
        return to - from < UINT32_MAX ? (uint32_t)(to - from) : UINT32_MAX;
}

static void end_break(coffer_layout *layout, pending *top, uint64_t column)
{
        if (top->last_break != SIZE_MAX)
                layout->tokens[top->last_break].width = width_between(top->break_column, column);
        top->last_break = SIZE_MAX;
}

static coffer_status measure(coffer_layout *layout, coffer_error *error)
{
        pending_stack stack _cleanup_(pending_stack_done) = {0};
        uint64_t column = 0;
        for (size_t i = 0; i < layout->count; i++) {
                struct coffer_layout_token *token = &layout->tokens[i];
                pending *top = stack.count ? &stack.items[stack.count - 1] : NULL;
                if (token->kind == TOKEN_PIECE) {
                        column += token->width;
                } else if (token->kind == TOKEN_OPEN) {
                        COFFER_TRY(push_pending(&stack, (pending){i, column, SIZE_MAX, 0}, error));
                } else if (top && token->kind == TOKEN_BREAK) {
                        end_break(layout, top, column);
                        top->last_break = i;
                        top->break_column = column;
                        column += token->columns;
                } else if (top) {
                        end_break(layout, top, column);
                        layout->tokens[top->group].width = width_between(top->group_column, column);
                        stack.count--;
                }
        }
        for (; stack.count > 0; stack.count--) { /* groups left open by a text that was cut short */
                end_break(layout, &stack.items[stack.count - 1], column);
                layout->tokens[stack.items[stack.count - 1].group].width = UINT32_MAX;
        }
        return COFFER_OK;
}

/* ---- lines ---- */

/* Groups that are open while lines are written. */
typedef struct line_state {
        pending_stack groups; /* group_column: indentation of its lines; break_column: of those that are brought back */
        unsigned width;
        uint64_t column;
} line_state;

static coffer_status end_line(line_state *state, uint64_t indent, coffer_buf *out, coffer_error *error)
{
        COFFER_TRY(coffer_buf_append_byte(out, '\n', error));
        state->column = indent;
        return coffer_buf_printf(out, error, "%*s", (int)indent, "");
}

static bool fits(const line_state *state, uint64_t width)
{
        return state->width == 0 || state->column + width <= state->width;
}

static coffer_status write_break(line_state *state, const coffer_layout *layout,
                                 const struct coffer_layout_token *token, coffer_buf *out, coffer_error *error)
{
        const pending *group = state->groups.count ? &state->groups.items[state->groups.count - 1] : NULL;
        const struct coffer_layout_token *opened = group ? &layout->tokens[group->group] : NULL;
        bool is_broken = group && group->last_break != SIZE_MAX; /* set when the group did not fit */
        bool stays =
                !is_broken || (opened->style == COFFER_LAYOUT_FILL && !token->outdent && fits(state, token->width));
        if (!stays)
                return end_line(state, token->outdent ? group->break_column : group->group_column, out, error);
        state->column += token->columns;
        return coffer_buf_printf(out, error, "%*s", token->columns, "");
}

/* Filled lines stand below the first piece. Deep inside, lines no longer move to the right. */
static uint64_t indent_of(const line_state *state, const struct coffer_layout_token *token, uint64_t outer)
{
        uint64_t filled = state->column <= state->width / 2 ? state->column : outer + token->columns;
        uint64_t inner = token->style == COFFER_LAYOUT_FILL ? filled : outer + token->columns;
        return inner <= state->width / 2 ? inner : outer;
}

static coffer_status write_token(line_state *state, const coffer_layout *layout, size_t index, coffer_buf *out,
                                 coffer_error *error)
{
        const struct coffer_layout_token *token = &layout->tokens[index];
        const pending *around = state->groups.count ? &state->groups.items[state->groups.count - 1] : NULL;
        uint64_t outer = around ? around->group_column : 0;
        switch (token->kind) {
        case TOKEN_PIECE:
                state->column += token->width;
                return coffer_buf_append_cursor(out, piece_text(layout, index), error);
        case TOKEN_OPEN:
                return push_pending(&state->groups,
                                    (pending){.group = index,
                                              .group_column = indent_of(state, token, outer),
                                              .last_break = fits(state, token->width) ? SIZE_MAX : index,
                                              .break_column = outer},
                                    error);
        case TOKEN_CLOSE:
                state->groups.count -= state->groups.count > 0;
                return COFFER_OK;
        default:
                return write_break(state, layout, token, out, error);
        }
}

coffer_status coffer_layout_write(coffer_layout *layout, unsigned width, coffer_buf *out, coffer_error *error)
{
        line_state state = {.width = width};
        coffer_status status = coffer_layout_piece(layout, error);
        if (status == COFFER_OK)
                status = measure(layout, error);
        for (size_t i = 0; status == COFFER_OK && i < layout->count; i++)
                status = write_token(&state, layout, i, out, error);
        pending_stack_done(&state.groups);
        return status;
}

void coffer_layout_done(coffer_layout *layout)
{
        coffer_buf_done(&layout->text);
        coffer_free(layout->tokens);
        layout->tokens = NULL;
        layout->count = layout->capacity = 0;
}
