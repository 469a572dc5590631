/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor.h"

#include "document.h"

typedef struct {
        PyObject_HEAD pycoffer_state *state;
        coffer_document *document;
        coffer_dtype dtype; /* its parts are the document's */
        const uint8_t *data;
        PyObject *objects; /* of an array of objects; or NULL */
        char *format;      /* of the buffer protocol, made when asked for */
        int dims;
        Py_ssize_t shape[COFFER_TENSOR_MAX_DIMS];
        Py_ssize_t strides[COFFER_TENSOR_MAX_DIMS];
        Py_ssize_t size_bytes;
        bool is_c_contiguous;
        bool is_f_contiguous;
} tensor_object;

/* ---- making ---- */

/* What Python can't address, or what the memory at hand does not cover. */
static bool check_size(pycoffer_state *state, const coffer_tensor *tensor, uint64_t *size_bytes)
{
        uint64_t count;
        bool fits = coffer_tensor_count(tensor, &count) &&
                    !__builtin_mul_overflow(count, tensor->dtype.item_size_bytes, size_bytes) &&
                    *size_bytes <= PY_SSIZE_T_MAX;
        bool is_contiguous = coffer_tensor_is_c_contiguous(tensor) || coffer_tensor_is_f_contiguous(tensor);
        if (fits && (tensor->objects || !is_contiguous || *size_bytes <= tensor->available_bytes))
                return true;
        PyErr_SetString(state->errors[COFFER_MALFORMED], "an array is larger than its data");
        return false;
}

PyObject *pycoffer_tensor_new(pycoffer_state *state, PyTypeObject *class, coffer_document *document,
                              const coffer_tensor *tensor)
{
        uint64_t size_bytes = 0;
        if (!check_size(state, tensor, &size_bytes))
                return NULL;
        tensor_object *self = (tensor_object *)class->tp_alloc(class, 0);
        if (!self)
                return NULL;
        self->state = state;
        self->document = coffer_document_ref(document);
        self->dtype = tensor->dtype;
        self->data = tensor->data;
        self->size_bytes = (Py_ssize_t)size_bytes;
        self->is_c_contiguous = coffer_tensor_is_c_contiguous(tensor);
        self->is_f_contiguous = coffer_tensor_is_f_contiguous(tensor);
        self->dims = (int)tensor->dims;
        for (size_t i = 0; i < tensor->dims; i++) {
                self->shape[i] = (Py_ssize_t)tensor->shape[i];
                self->strides[i] = (Py_ssize_t)tensor->strides_bytes[i];
        }
        return (PyObject *)self;
}

void pycoffer_tensor_set_objects(PyObject *tensor, PyObject *objects)
{
        Py_XSETREF(((tensor_object *)tensor)->objects, Py_NewRef(objects));
}

PyObject *pycoffer_tensor_view(pycoffer_state *state, coffer_document *document, coffer_cursor data)
{
        coffer_tensor bytes = {
                .dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                .dims = 1,
                .shape = {data.size_bytes},
                .strides_bytes = {1},
                .data = data.data,
                .available_bytes = data.size_bytes,
                .read_only = true,
        };
        PyObject *tensor = pycoffer_tensor_new(state, state->tensor_type, document, &bytes);
        PyObject *view = tensor ? PyMemoryView_FromObject(tensor) : NULL;
        Py_XDECREF(tensor);
        return view;
}

static int tensor_traverse(PyObject *object, visitproc visit, void *arg)
{
        Py_VISIT(Py_TYPE(object));
        Py_VISIT(((tensor_object *)object)->objects);
        return 0;
}

static int tensor_clear(PyObject *object)
{
        Py_CLEAR(((tensor_object *)object)->objects);
        return 0;
}

static void tensor_dealloc(PyObject *object)
{
        tensor_object *self = (tensor_object *)object;
        PyTypeObject *type = Py_TYPE(object);
        PyObject_GC_UnTrack(object);
        tensor_clear(object);
        pycoffer_document_unref(self->state, self->document);
        PyMem_Free(self->format);
        type->tp_free(object);
        Py_DECREF(type);
}

/* ---- the buffer protocol ---- */

static bool is_allowed(const tensor_object *self, int flags)
{
        const char *reason = NULL;
        if (self->dtype.kind == 'O')
                reason = "an array of objects has no buffer";
        else if ((flags & PyBUF_WRITABLE) == PyBUF_WRITABLE)
                reason = "a tensor is read-only";
        else if ((flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS && !self->is_c_contiguous)
                reason = "the tensor is not C-contiguous";
        else if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && !self->is_f_contiguous)
                reason = "the tensor is not Fortran-contiguous";
        else if ((flags & PyBUF_STRIDES) != PyBUF_STRIDES && !self->is_c_contiguous)
                reason = "the tensor is not C-contiguous";
        if (reason)
                PyErr_SetString(PyExc_BufferError, reason);
        return !reason;
}

static int tensor_get_buffer(PyObject *object, Py_buffer *view, int flags)
{
        tensor_object *self = (tensor_object *)object;
        view->obj = NULL;
        if (!is_allowed(self, flags))
                return -1;
        if ((flags & PyBUF_FORMAT) && !self->format) {
                self->format = pycoffer_dtype_format(&self->dtype);
                if (!self->format)
                        return -1;
        }
        *view = (Py_buffer){
                .buf = (void *)(uintptr_t)self->data,
                .obj = Py_NewRef(object),
                .len = self->size_bytes,
                .itemsize = (Py_ssize_t)self->dtype.item_size_bytes,
                .readonly = 1,
                .ndim = self->dims,
                .format = flags & PyBUF_FORMAT ? self->format : NULL,
                .shape = flags & PyBUF_ND ? self->shape : NULL,
                .strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? self->strides : NULL,
        };
        return 0;
}

/* ---- attributes ---- */

static PyObject *tuple_of_sizes(const Py_ssize_t *sizes, int count)
{
        PyObject *tuple = PyTuple_New(count);
        for (int i = 0; tuple && i < count; i++) {
                PyObject *size = PyLong_FromSsize_t(sizes[i]);
                if (size)
                        PyTuple_SET_ITEM(tuple, i, size);
                else
                        Py_CLEAR(tuple);
        }
        return tuple;
}

static PyObject *tensor_get_dtype(PyObject *object, void *unused)
{
        (void)unused;
        return pycoffer_dtype_describe(&((tensor_object *)object)->dtype);
}

static PyObject *tensor_get_shape(PyObject *object, void *unused)
{
        (void)unused;
        return tuple_of_sizes(((tensor_object *)object)->shape, ((tensor_object *)object)->dims);
}

static PyObject *tensor_get_strides(PyObject *object, void *unused)
{
        (void)unused;
        return tuple_of_sizes(((tensor_object *)object)->strides, ((tensor_object *)object)->dims);
}

static PyObject *tensor_get_nbytes(PyObject *object, void *unused)
{
        (void)unused;
        return PyLong_FromSsize_t(((tensor_object *)object)->size_bytes);
}

static PyObject *tensor_get_itemsize(PyObject *object, void *unused)
{
        (void)unused;
        return PyLong_FromUnsignedLongLong(((tensor_object *)object)->dtype.item_size_bytes);
}

static PyObject *tensor_get_address(PyObject *object, void *unused)
{
        (void)unused;
        return PyLong_FromVoidPtr((void *)(uintptr_t)((tensor_object *)object)->data);
}

static PyObject *tensor_get_objects(PyObject *object, void *unused)
{
        (void)unused;
        PyObject *objects = ((tensor_object *)object)->objects;
        return Py_NewRef(objects ? objects : Py_None);
}

static PyGetSetDef tensor_attributes[] = {
        {"dtype", tensor_get_dtype, NULL,
         PyDoc_STR(
                 "The element type as numpy.dtype() takes it: a str like '<f8', or a dict that says names, formats and "
                 "offsets of fields."),
         NULL},
        {"shape", tensor_get_shape, NULL, PyDoc_STR("Length of each dimension; () for a scalar."), NULL},
        {"strides", tensor_get_strides, NULL, PyDoc_STR("Bytes from one element to the next, for each dimension."),
         NULL},
        {"nbytes", tensor_get_nbytes, NULL, PyDoc_STR("Bytes of all elements."), NULL},
        {"itemsize", tensor_get_itemsize, NULL, PyDoc_STR("Bytes of one element."), NULL},
        {"address", tensor_get_address, NULL, PyDoc_STR("Address of the first element."), NULL},
        {"objects", tensor_get_objects, NULL,
         PyDoc_STR("Elements of an array of objects: a list in C order; else None."), NULL},
        {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(tensor_doc, "A read-only n-dimensional array over memory that it keeps; has the buffer protocol where the "
                         "element type allows.");

static PyType_Slot tensor_slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)tensor_doc},
        {Py_tp_dealloc, tensor_dealloc},
        {Py_tp_traverse, tensor_traverse},
        {Py_tp_clear, tensor_clear},
        {Py_tp_getset, tensor_attributes},
        {Py_bf_getbuffer, tensor_get_buffer},
        {0, NULL},
};

static PyType_Spec tensor_spec = {
        .name = "coffer._coffer.Tensor",
        .basicsize = sizeof(tensor_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
                 Py_TPFLAGS_IMMUTABLETYPE,
        .slots = tensor_slots,
};

bool pycoffer_tensor_add_type(PyObject *module, pycoffer_state *state)
{
        state->tensor_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &tensor_spec, NULL);
        return state->tensor_type && PyModule_AddType(module, state->tensor_type) == 0;
}
