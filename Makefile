# Thin doors to Meson and the scripts in tools/.
.PHONY: all demo test lint bench clean

all:
	@tools/setup build
	@tools/build build

demo: all
	@tools/demo build/coffer

test:
	@tools/setup test
	@tools/test

lint:
	@tools/setup lint
	@tools/lint

bench:
	@tools/setup test
	@tools/bench $(ARGS)

clean:
	rm -rf build build-asan build-tsan build-clang build-zlib build-fuzz build-bench demo-store
