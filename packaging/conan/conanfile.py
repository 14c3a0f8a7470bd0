"""Conan recipe of opad, from the checkout that this file lies in. The package holds the headers and the CMake files.

LibTorch is not Conan's: it is that of Torch_DIR, or of a python3 with torch (docs/packaging.md). The other libraries come from
Conan Center, or with -o "&:system_libraries=True" from the system.
"""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir


class OpadConan(ConanFile):
    name = "opad"
    description = "One-step Personalized Adversarial Distillation: a header-only research framework on LibTorch"
    license = "Apache-2.0"
    topics = ("diffusion-models", "personalization", "adversarial-distillation", "libtorch", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"system_libraries": [True, False]}
    default_options = {"system_libraries": False}
    no_copy_source = True

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        text = load(self, os.path.join(self._root, "CMakeLists.txt"))
        self.version = re.search(r"project\(opad VERSION ([0-9.]+)", text).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "CITATION.cff", "cmake/*", "docs/*", "include/*", "scripts/new"):
            copy(self, pattern, self._root, self.export_sources_folder)

    def requirements(self):
        if self.options.system_libraries:
            return
        self.requires("eigen/3.4.0")
        self.requires("boost/1.86.0", options={"header_only": True})
        self.requires("nlohmann_json/3.11.3")
        self.requires("cli11/2.4.2")
        self.requires("libpng/[>=1.6 <2]")
        self.requires("libjpeg-turbo/3.0.4")
        self.requires("libwebp/1.4.0")
        self.requires("utf8proc/2.9.0")
        self.requires("xxhash/0.8.2")
        self.requires("highway/1.2.0")

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.clear()  # headers: one package for every compiler

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("PROGRAMS", "TESTS", "BENCHMARKS"):
            toolchain.cache_variables[f"OPAD_BUILD_{part}"] = False
        if os.environ.get("Torch_DIR"):
            toolchain.cache_variables["Torch_DIR"] = os.environ["Torch_DIR"]
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.set_property("cmake_find_mode", "none")  # opad's own package file knows LibTorch and opad_add_experiment
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "opad")]
        self.cpp_info.bindirs, self.cpp_info.libdirs = ["bin"], []
