# The build from source. Kernels are static libraries, one set per instruction set, in a file that native-sources.mjs writes.
{
  'targets': [{
    'target_name': 'keratin',
    'sources': ['<!@(node scripts/native-sources.mjs addon)'],
    'dependencies': ['<!@(node scripts/native-sources.mjs gyp <(target_arch))'],
    'include_dirs': ['native', '<!(node -p "require(\'node-addon-api\').include_dir")'],
    'defines': ['NAPI_VERSION=8', 'NAPI_DISABLE_CPP_EXCEPTIONS', '<!(node scripts/native-sources.mjs isas <(target_arch))'],
    'cflags_cc': ['<!@(node scripts/native-sources.mjs flags)'],
    'xcode_settings': {
      'MACOSX_DEPLOYMENT_TARGET': '12.0',
      'OTHER_CPLUSPLUSFLAGS': ['<!@(node scripts/native-sources.mjs flags)'],
    },
    'conditions': [
      # One binary for every distribution: it brings its C++ runtime and exports nothing of it.
      ['OS=="linux"', { 'ldflags': ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL'] }],
    ],
  }],
}
